#!/usr/bin/env python3
"""Measures LibP2P beside go-libp2p and py-libp2p, each against its own kind on loopback, in one run.

  .venv/bin/python Benchmarks/peers.py PATH_OF_LibP2PPeers

Prints a table; a stack that is not installed has empty columns. Of several runs of a stack the best counts, since
other work on the machine only ever makes it slower.
"""
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import promises

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
P2PD = os.environ.get("VALIDATORD_P2PD", str(ROOT / ".venv" / "bin" / "p2pd"))
RUNS = 3
MIB, GB = 1 << 20, 1e9
TIMES = ["connect + first byte", "ping", "stream + first byte"]
RATES = ["download", "upload, hashed"]


def interop(*path):
    return str(ROOT.joinpath("Tests", "Interop", *path))


def foreign(name):
    return str(ROOT / "Benchmarks" / "foreign" / name)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=600, check=True)
    return json.loads(done.stdout)


def best_of(runs):
    return {name: (min if name in TIMES else max)(found[name] for found in runs) for name in runs[0]}


def beside(server, measure):
    """What `measure` finds at best, each time given the address of a fresh server that runs meanwhile."""
    found = []
    for _ in range(RUNS):
        with subprocess.Popen(server, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                found.append(measure(json.loads(process.stdout.readline())["multiaddr"]))
            finally:
                process.terminate()
    return best_of(found)


def raw_tcp():
    """Bytes a second through one TCP connection, without any protocol: the machine's own bound."""
    count, best = 2048 * MIB, 0
    for _ in range(RUNS):
        with socket.create_server(("127.0.0.1", 0)) as server:
            child = os.fork()
            if not child:
                with socket.create_connection(server.getsockname()) as sender:
                    for _ in range(count // 65536):
                        sender.sendall(bytes(65536))
                os._exit(0)
            receiver, _ = server.accept()
            with receiver:
                buffer, got, start = bytearray(65536), 0, time.perf_counter()
                while got < count and (size := receiver.recv_into(buffer)):
                    got += size
                best = max(best, got / (time.perf_counter() - start))
            os.waitpid(child, 0)
    return best


def measure_ours(program):
    def measure(address):
        return run(program, "call", address, str(1024 * MIB)) | run(program, "streams", "10000", address)

    found = beside([program, "listen"], measure)
    return found | run(program, "idle", "1000") | run(program, "records", "100000") | run(program, "cipher")


def measure_go():
    if not os.access(P2PD, os.X_OK):
        return {}
    server = [PYTHON, interop("mesh", "p2pd_peer.py"), "--p2pd", P2PD]
    return beside(server, lambda address: run(PYTHON, foreign("p2pd_calls.py"), P2PD, address, str(512 * MIB)))


def measure_python():
    server = [PYTHON, interop("subnet", "ref_host.py"), "--port", "0"]
    return beside(server, lambda address: run(PYTHON, foreign("py_libp2p_calls.py"), address, str(128 * MIB)))


def show(name, value):
    if value is None:
        return "–"
    return f"{value * 1e3:.3f} ms" if name in TIMES else f"{value / GB:.3f} GB/s"


def main(program):
    tcp, ours, go, python = raw_tcp(), measure_ours(program), measure_go(), measure_python()
    print(f"\n{'':26} {'validatord':>12} {'p2pd':>12} {'py-libp2p':>12}   times as fast as")
    for name in TIMES + RATES:
        ratios = []
        for stack, other in (("p2pd", go), ("py-libp2p", python)):
            if name in other:
                ratio = other[name] / ours[name] if name in TIMES else ours[name] / other[name]
                ratios.append(f"{stack} {ratio:.1f}")
        values = [show(name, found.get(name)) for found in (ours, go, python)]
        print(f"{name:26} {values[0]:>12} {values[1]:>12} {values[2]:>12}   {', '.join(ratios)}")
    cipher = min(ours["seal"], ours["open"])
    bound = 1 / (1 / cipher + 1 / tcp)
    down = ours["download"]
    verdicts = [
        ("connect + first byte, against p2pd", go["connect + first byte"] / ours["connect + first byte"] if go else None, ">", 1),
        ("ping, against py-libp2p", python["ping"] / ours["ping"], "≥", 2),
        ("download, against py-libp2p", down / python["download"], "≥", 10),
        (f"download, of ChaCha20-Poly1305 ({cipher / GB:.2f} GB/s)", down / cipher, "≥", 0.7),
        (f"download, of cipher behind TCP ({tcp / GB:.2f} GB/s alone)", down / bound, "", 0),
        ("KiB of an idle connection, of 1,000", ours["idle connection, KiB an end"], "≤", 32),
        ("KiB grown by 10,000 streams in sequence", ours["short streams, KiB grown"], "≤", 1024),
        ("KiB grown by 100,000 signed records", ours["signed records, KiB grown"], "≤", 1024),
    ]
    print()
    for name, value, relation, target in verdicts:
        if value is None:
            continue
        met = {">": value > target, "≥": value >= target, "≤": value <= target}.get(relation)
        note = "" if met is None else promises.judge(name, f"{relation} {target:<5}", met)
        print(f"{name:52} {value:>8.2f}  {note}".rstrip())
    promises.finish()


if __name__ == "__main__":
    main(sys.argv[1])
