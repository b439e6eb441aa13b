#!/usr/bin/env python3
"""Measures signed calls between two nodes beside those of hivemind, its Python on p2pd at both ends, in one run.

  .venv/bin/python Benchmarks/calls.py PATH_OF_ProtocolsCalls

Of several runs the best counts, since other work on the machine only ever makes it slower.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import promises

ROOT = Path(__file__).resolve().parent.parent
P2PD = os.environ.get("VALIDATORD_P2PD", str(ROOT / ".venv" / "bin" / "p2pd"))
HIVEMIND = str(ROOT / ".venv" / "hivemind")
RUNS = 3
# Name, how many times as fast as the mesh it has to be, or the rate that it has to have.
ROWS = [
    ("signed call, 8 B", 2, None),
    ("signed call, 64 KiB", 2, None),
    ("signed calls, 8 B", 5, None),
    ("signed calls, 64 KiB", 5, None),
    ("unsigned messages", None, 100_000),
    ("signed messages", None, None),
    ("signatures made and verified", None, None),
]


def is_time(name):
    return name.startswith("signed call,")


def measure(listen, call):
    runs = []
    for _ in range(RUNS):
        with subprocess.Popen(listen, stdout=subprocess.PIPE) as server:
            try:
                address = json.loads(server.stdout.readline())["multiaddr"]
                called = subprocess.run([*call, address], stdout=subprocess.PIPE, timeout=600, check=True)
                runs.append(json.loads(called.stdout))
            finally:
                server.terminate()
    return {name: (min if is_time(name) else max)(run[name] for run in runs) for name in runs[0]}


def show(name, value):
    if value is None:
        return "–"
    return f"{value * 1e3:.3f} ms" if is_time(name) else f"{value:,.0f} /s"


def main(program):
    ours = measure([program, "listen"], [program, "call"])
    mesh = [sys.executable, str(ROOT / "Benchmarks" / "foreign" / "mesh_calls.py"), P2PD, HIVEMIND]
    mesh = measure(mesh, mesh)
    print(f"\n{'':30} {'validatord':>14} {'hivemind':>14} {'ratio':>7}")
    for name, times, rate in ROWS:
        value, other = ours[name], mesh.get(name)
        ratio = None if other is None else (other / value if is_time(name) else value / other)
        verdict = ""
        if times is not None:
            verdict = promises.judge(name, f"≥ {times} ×", ratio >= times)
        elif rate is not None:
            verdict = promises.judge(name, f"≥ {rate:,} /s", value >= rate)
        shown = "–" if ratio is None else f"{ratio:.1f}"
        print(f"{name:30} {show(name, value):>14} {show(name, other):>14} {shown:>7}  {verdict}".rstrip())
    promises.finish()


if __name__ == "__main__":
    main(sys.argv[1])
