#!/usr/bin/env python3
"""Puts the results of one run of scripts/bench in a table: python table.py FOLDER"""
import json
import sys
from pathlib import Path

import promises

UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
# What the project promises: at most so long, or at least so many times as fast as the other implementation.
TARGETS = {
    "metadata V14 decode": "≤ 10 ms",
    "16384 u32 decode": "≤ 100 µs",
    "attest build and sign": "≤ 200 µs",
    "stake decision, cached": "≤ 1 µs",
    # A message for each read keeps the development node, not the client, busy for some 15 ms.
    "1000 storage reads in a batch": "≥ 10 ×",
    "start of chain info": "≤ 300 ms",
}
SUFFIX = ".wallClock.histogram.percentiles.tsv"


def read_median(file):
    """The 50th percentile of a file of the benchmark package, in seconds."""
    head, *lines = file.read_text().splitlines()
    unit = head[head.rindex("(") + 1:head.rindex(")")].replace("μ", "µ")
    return float(dict(line.split("\t") for line in lines)["50"]) * UNITS[unit]


def read_ours(folder):
    """{name: seconds}. The package writes a file for each benchmark, with its name behind two others."""
    found = {}
    for file in sorted(folder.glob("*" + SUFFIX)):
        name = file.name.removesuffix(SUFFIX).split(".", 2)[2].replace("_", " ")
        found[name] = read_median(file)
    return found


def read_json(*files):
    found = {}
    for file in files:
        if file.exists():
            found |= json.loads(file.read_text())
    return found


def show(seconds):
    if seconds is None:
        return "–"
    unit = next((unit for unit, size in UNITS.items() if seconds >= size), "ns")
    return f"{seconds / UNITS[unit]:.3g} {unit}"


def verdict(name, seconds, ratio):
    if name not in TARGETS:
        return ""
    relation, amount, unit = TARGETS[name].split()
    if unit == "×":
        is_met = ratio is not None and ratio >= float(amount)
    else:
        is_met = seconds <= float(amount) * UNITS[unit]
    return promises.judge(name, f"{TARGETS[name]:9}", is_met)


def main(folder):
    ours = read_ours(folder) | read_json(folder / "program.json")
    foreign = read_json(folder / "foreign.json", folder / "foreign-program.json")
    print(f"\n{'median of each':42} {'validatord':>10} {'Python':>10} {'ratio':>8}  target")
    for name, seconds in ours.items():
        other = foreign.get(name)
        ratio = other / seconds if other else None
        times = "–" if ratio is None else f"{ratio:.3g}"
        print(f"{name:42} {show(seconds):>10} {show(other):>10} {times:>8}  {verdict(name, seconds, ratio)}".rstrip())
    promises.finish()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
