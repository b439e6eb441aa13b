#!/usr/bin/env python3
"""Measures the API protocol beside the secure stream that carries it and the HTTP server that answers, in one run.

  .venv/bin/python Benchmarks/api.py PATH_OF_ProtocolsAPI

Of several runs the best counts, since other work on the machine only ever makes it slower.
"""
import json
import subprocess
import sys

import promises

RUNS = 3
SHARE_OF_STREAM = 0.5
ADDED_SECONDS = 1e-3


def start(*command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    return process, json.loads(process.stdout.readline())


def run(program):
    server, at = start(program, "server")
    try:
        node, there = start(program, "listen", at["url"])
        try:
            call = [program, "call", there["multiaddr"], at["url"]]
            return json.loads(subprocess.run(call, stdout=subprocess.PIPE, timeout=600, check=True).stdout)
        finally:
            node.terminate()
    finally:
        server.terminate()


def main(program):
    runs = [run(program) for _ in range(RUNS)]
    best = {name: (min if name.endswith("call") else max)(run[name] for run in runs) for name in runs[0]}
    print(f"\n{'1 GiB streamed':24} {'GB/s':>8} {'of the secure stream':>22}")
    for name in ("secure stream", "API 1.1.0, stream", "API 1.0.0, stream", "HTTP, stream"):
        share = best[name] / best["secure stream"]
        verdict = promises.judge(name, f"≥ {SHARE_OF_STREAM}", share >= SHARE_OF_STREAM) if "API" in name else ""
        print(f"{name:24} {best[name] / 1e9:>8.3f} {share:>22.2f}  {verdict}".rstrip())
    print(f"\n{'a short call':24} {'ms':>8} {'added to HTTP':>22}")
    for name in ("HTTP, call", "API 1.1.0, call", "API 1.0.0, call"):
        added = best[name] - best["HTTP, call"]
        target = f"≤ {ADDED_SECONDS * 1e3:.0f} ms"
        verdict = promises.judge(name, target, added <= ADDED_SECONDS) if "API" in name else ""
        print(f"{name:24} {best[name] * 1e3:>8.3f} {added * 1e3:>22.3f}  {verdict}".rstrip())
    promises.finish()


if __name__ == "__main__":
    main(sys.argv[1])
