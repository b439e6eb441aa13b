#!/usr/bin/env python3
"""The mesh's calls over py-libp2p, without a daemon.

  python py_rpc.py                 serves Arithmetic; prints where
  python py_rpc.py --to MULTIADDR  calls the Arithmetic there, with every kind of call

JSON lines like those of p2pd_rpc.py.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys

import arithmetic
from p2pd_peer import emit

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "subnet"))
import refcommon as rc  # noqa: E402


class Stream:
    """A py-libp2p stream. Its read gives what is there, so bytes are kept for the next one."""

    def __init__(self, stream):
        self.stream, self.rest = stream, b""

    async def read_exact(self, count: int) -> bytes:
        from libp2p.network.stream.exceptions import StreamEOF

        while len(self.rest) < count:
            try:
                chunk = await self.stream.read(65536)
            except StreamEOF:
                chunk = b""
            if not chunk:
                if self.rest:
                    raise ConnectionError("the stream ended inside a record")
                raise EOFError
            self.rest += chunk
        found, self.rest = self.rest[:count], self.rest[count:]
        return found

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data), 60 * 1024):  # one Noise message and one Yamux frame each
            await self.stream.write(data[start : start + 60 * 1024])

    async def close(self) -> None:
        await self.stream.close()

    async def reset(self) -> None:
        await self.stream.reset()


async def serve(host) -> None:
    import trio

    def handler(name: str):
        async def handle(stream) -> None:
            work = arithmetic.serve_unary if name.split(".")[1] in arithmetic.UNARY else arithmetic.serve_stream
            await work(Stream(stream), name)

        return handle

    for method in arithmetic.UNARY + arithmetic.STREAMS:
        name = f"{arithmetic.CLASS}.{method}"
        host.set_stream_handler(name, handler(name))
    emit("listening", multiaddr=str(host.get_addrs()[0]))
    await trio.sleep_forever()


async def call(host, address: str) -> None:
    import trio
    from libp2p.tools.utils import info_from_p2p_addr
    from multiaddr import Multiaddr

    info = info_from_p2p_addr(Multiaddr(address))
    await host.connect(info)

    async def open_stream(method: str) -> Stream:
        return Stream(await host.new_stream(info.peer_id, [f"{arithmetic.CLASS}.{method}"]))

    async def unary(method: str, body: bytes) -> bytes:
        stream = await open_stream(method)
        try:
            return await arithmetic.call_unary(stream, method, body)
        finally:
            await stream.close()

    await arithmetic.exercise(open_stream, unary)

    stream = await open_stream("rpc_forever")
    name = f"{arithmetic.CLASS}.rpc_forever".encode()
    field, varint = arithmetic.field, arithmetic.varint
    envelope = field(1, bytes(16)) + field(3, field(1, b"") + field(2, name) + field(3, b""))
    await stream.write(varint(len(envelope)) + envelope)
    while arithmetic.number(await unary("rpc_began", b"")) < 2:
        await trio.sleep(0.01)
    await stream.reset()


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--to")
    options.add_argument("--max-seconds", type=float, default=120)
    chosen = options.parse_args()

    import trio
    from multiaddr import Multiaddr

    async def run() -> int:
        listen = [] if chosen.to else [Multiaddr("/ip4/127.0.0.1/tcp/0")]
        host = rc.make_host(rc.load_key(None, secrets.token_hex(32)), "noise", "yamux", None, "allow")
        rc.quiet_logs()
        async with host.run(listen_addrs=listen):
            with trio.move_on_after(chosen.max_seconds):
                if not chosen.to:
                    await serve(host)
                try:
                    await call(host, chosen.to)
                    emit("result", ok=True)
                except Exception as error:  # noqa: BLE001
                    emit("result", ok=False, error=f"{type(error).__name__}: {error}")
                    return 1
                await trio.sleep_forever()  # the other side ends us when it has seen all cancellations
        return 0

    return trio.run(run)


if __name__ == "__main__":
    sys.exit(main())
