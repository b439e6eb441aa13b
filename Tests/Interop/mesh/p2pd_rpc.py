#!/usr/bin/env python3
"""The mesh's calls through p2pd, as its nodes make them: unary calls over the daemon's persistent connection, streams
over sockets.

  python p2pd_rpc.py --p2pd BINARY                 serves Arithmetic; prints where
  python p2pd_rpc.py --p2pd BINARY --to MULTIADDR  calls the Arithmetic there, with every kind of call

JSON lines like those of p2pd_peer.py, which says more of the control protocol.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import signal
import sys
import tempfile

import arithmetic
from p2pd_peer import Daemon, base58, emit, field, parse, read_message, varint


class Stream:
    """A stream whose bytes p2pd hands through a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer

    async def read_exact(self, count: int) -> bytes:
        try:
            return await self.reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise ConnectionError("the stream ended inside a record") from error
            raise EOFError from error

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()


class PersistentConnection:
    """The socket over which p2pd takes and hands on unary calls."""

    def __init__(self):
        self.answers: dict[bytes, asyncio.Future] = {}
        self.work: dict[bytes, asyncio.Task] = {}

    async def start(self, daemon: Daemon) -> None:
        _, self.reader, self.writer = await daemon.request(field(1, 9))
        self.loop = asyncio.create_task(self.receive())

    def send(self, call_id: bytes, kind: int, body: bytes) -> None:
        request = field(1, call_id) + field(kind, body)
        self.writer.write(varint(len(request)) + request)

    async def ask(self, kind: int, body: bytes, call_id: bytes | None = None) -> bytes | None:
        call_id = call_id or secrets.token_bytes(16)
        self.answers[call_id] = asyncio.get_running_loop().create_future()
        self.send(call_id, kind, body)
        return await self.answers[call_id]

    async def receive(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                fields = await read_message(self.reader)
                self.take(fields[1][0], fields)

    def take(self, call_id: bytes, fields: dict) -> None:
        if 3 in fields:
            self.work[call_id] = asyncio.create_task(self.serve(call_id, parse(fields[3][0])))
        elif 5 in fields and call_id in self.work:
            self.work[call_id].cancel()
        elif call_id in self.answers:
            answer = self.answers.pop(call_id)
            result = parse(fields[2][0]) if 2 in fields else {}
            if 4 in fields:
                answer.set_exception(RuntimeError(parse(fields[4][0])[1][0].decode()))
            elif 2 in result:
                answer.set_exception(arithmetic.Unlucky(result[2][0].decode()))
            else:
                answer.set_result(result[1][0] if 1 in result else None)

    async def serve(self, call_id: bytes, call: dict) -> None:
        method = call[2][0].decode().split(".")[1]
        try:
            if method == "rpc_forever":
                emit("began")
                await asyncio.sleep(600)
            answer = field(1, {"rpc_square": arithmetic.square, "rpc_big": arithmetic.big}[method](call[3][0]))
        except ValueError as error:
            answer = field(2, f"ValueError({str(error)!r})".encode())
        except asyncio.CancelledError:
            emit("cancelled")
            raise
        self.send(call_id, 4, answer)


async def serve(daemon: Daemon, calls: PersistentConnection) -> None:
    for method in arithmetic.UNARY:
        name = f"{arithmetic.CLASS}.{method}"
        await calls.ask(2, field(1, name.encode()) + field(2, 0))
    for method in arithmetic.STREAMS:
        name = f"{arithmetic.CLASS}.{method}"
        await daemon.handle(name, lambda r, w, name=name: arithmetic.serve_stream(Stream(r, w), name))
    port = next(int.from_bytes(a[6:8], "big") for a in daemon.addresses if a[:1] == b"\x04" and a[5:6] == b"\x06")
    emit("listening", multiaddr=f"/ip4/127.0.0.1/tcp/{port}/p2p/{base58(daemon.peer)}")
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()


async def call(daemon: Daemon, calls: PersistentConnection, address: str) -> None:
    peer = await daemon.connect(address)

    def request(method: str, body: bytes) -> bytes:
        return field(1, peer) + field(2, f"{arithmetic.CLASS}.{method}".encode()) + field(3, body)

    async def unary(method: str, body: bytes) -> bytes:
        return await calls.ask(3, request(method, body))

    async def open_stream(method: str) -> Stream:
        return Stream(*await daemon.open(peer, f"{arithmetic.CLASS}.{method}"))

    await arithmetic.exercise(open_stream, unary)

    call_id = secrets.token_bytes(16)
    forever = asyncio.create_task(calls.ask(3, request("rpc_forever", b""), call_id))
    while arithmetic.number(await unary("rpc_began", b"")) < 2:
        await asyncio.sleep(0.01)
    calls.send(call_id, 5, b"")
    forever.cancel()


async def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--p2pd", required=True)
    options.add_argument("--to")
    options.add_argument("--max-seconds", type=float, default=120)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="p2pd-") as folder:
        daemon, calls = Daemon(chosen.p2pd, folder, 0, None), PersistentConnection()
        try:
            await daemon.start()
            await calls.start(daemon)
            if not chosen.to:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(serve(daemon, calls), chosen.max_seconds)
                return 0
            await asyncio.wait_for(call(daemon, calls, chosen.to), chosen.max_seconds)
            emit("result", ok=True)
            # The other side ends us when it has seen all cancellations.
            await asyncio.sleep(chosen.max_seconds)
            return 0
        except Exception as error:  # noqa: BLE001
            emit("result", ok=False, error=f"{type(error).__name__}: {error}")
            return 1
        finally:
            await daemon.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
