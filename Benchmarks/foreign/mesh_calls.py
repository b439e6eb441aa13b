#!/usr/bin/env python3
"""The mesh's unary calls between two p2pd, each driven by Python over its persistent connection, with the signatures
that the mesh's authorizer makes and verifies on both sides.

  python mesh_calls.py P2PD            is the node that is called; says where it listens
  python mesh_calls.py P2PD MULTIADDR  calls it; prints {figure: seconds, or calls a second}
"""

import asyncio
import json
import secrets
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Interop" / "mesh"))

from p2pd_peer import Daemon, base58, emit, field, parse  # noqa: E402
from p2pd_rpc import PersistentConnection  # noqa: E402

PROTOCOL = "Parrot.rpc_repeat"
IN_FLIGHT = 16
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def sign(body: bytes) -> bytes:
    """A message as field 2, its signer as field 3, its signature as field 4: as much work as the mesh's own."""
    return field(2, body) + field(3, PUBLIC) + field(4, KEY.sign(body))


def verified(message: bytes) -> bytes:
    fields = parse(message)
    Ed25519PublicKey.from_public_bytes(fields[3][0]).verify(fields[4][0], fields[2][0])
    return fields[2][0]


class Parrot(PersistentConnection):
    async def serve(self, call_id: bytes, call: dict) -> None:
        self.send(call_id, 4, field(1, sign(verified(call[3][0]))))


async def listen(daemon: Daemon, calls: Parrot) -> None:
    await calls.ask(2, field(1, PROTOCOL.encode()) + field(2, 0))
    port = next(int.from_bytes(a[6:8], "big") for a in daemon.addresses if a[:1] == b"\x04" and a[5:6] == b"\x06")
    emit("listening", multiaddr=f"/ip4/127.0.0.1/tcp/{port}/p2p/{base58(daemon.peer)}")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


async def measure(daemon: Daemon, calls: Parrot, address: str) -> None:
    peer = await daemon.connect(address)
    figures = {}

    async def once(body: bytes) -> None:
        request = field(1, peer) + field(2, PROTOCOL.encode()) + field(3, sign(body))
        assert len(verified(await calls.ask(3, request))) == len(body)

    async def many(count: int, body: bytes) -> None:
        for _ in range(count):
            await once(body)

    for size, name, count in [(8, "8 B", 2_000), (64 << 10, "64 KiB", 1_000)]:
        body = secrets.token_bytes(size)
        await many(100, body)
        times = []
        for _ in range(count // 4):
            start = time.perf_counter()
            await once(body)
            times.append(time.perf_counter() - start)
        figures[f"signed call, {name}"] = statistics.median(times)
        start = time.perf_counter()
        await asyncio.gather(*(many(count // IN_FLIGHT, body) for _ in range(IN_FLIGHT)))
        figures[f"signed calls, {name}"] = count // IN_FLIGHT * IN_FLIGHT / (time.perf_counter() - start)
    print(json.dumps(figures), flush=True)


async def main(p2pd: str, address: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(p2pd, folder, 0, None)
        await daemon.start()
        try:
            calls = Parrot()
            await calls.start(daemon)
            await (measure(daemon, calls, address) if address else listen(daemon, calls))
        finally:
            await daemon.stop()


asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
