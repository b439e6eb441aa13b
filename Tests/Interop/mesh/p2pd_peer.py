#!/usr/bin/env python3
"""go-libp2p as a peer: runs p2pd and drives it over its control socket.

  python p2pd_peer.py --p2pd BINARY [--key FILE] [--port P]          serve echo, blast and sink
  python p2pd_peer.py --p2pd BINARY --to MULTIADDR [--bytes N]       call ping, identify, echo, blast and sink

Prints one JSON object per line, as the py-libp2p peers beside it do: a server begins with
{"event":"listening","multiaddr":...}, a caller ends with {"event":"result","ok":...}.
The control protocol is go-libp2p-daemon's: varint-prefixed protobuf; after STREAM_OPEN the socket is the stream.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import hashlib
import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import time

ECHO, BLAST, SINK = "/echo/1.0.0", "/blast/1.0.0", "/sink/1.0.0"
PING, IDENTIFY = "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"
CHUNK = 64 * 1024
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
T0 = time.monotonic()
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1  # the daemon must not outlive this process

# A parent that starts us from a thread with blocked signals would make us deaf to its SIGTERM.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def emit(event: str, **fields) -> None:
    print(json.dumps({"event": event, "t": round(time.monotonic() - T0, 4), **fields}), flush=True)


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def unbase58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + BASE58.index(letter)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def parse(data: bytes) -> dict[int, list]:
    """Fields of a protobuf message; lengths and varints only, which is all that the daemon sends."""
    fields: dict[int, list] = {}

    def number() -> int:
        nonlocal data
        value = shift = 0
        while True:
            byte, data = data[0], data[1:]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while data:
        tag = number()
        if tag & 7 == 0:
            fields.setdefault(tag >> 3, []).append(number())
        else:
            length = number()
            fields.setdefault(tag >> 3, []).append(data[:length])
            data = data[length:]
    return fields


async def read_message(reader: asyncio.StreamReader) -> dict[int, list]:
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return parse(await reader.readexactly(length))


def tcp_multiaddr(text: str) -> tuple[bytes, bytes]:
    """/ip4/A/tcp/P/p2p/ID as binary address and peer id."""
    _, _, host, _, port, _, peer = text.split("/")
    return b"\x04" + socket.inet_aton(host) + b"\x06" + int(port).to_bytes(2, "big"), unbase58(peer)


def pattern(count: int, offset: int = 0) -> bytes:
    start = offset % 251
    return (bytes(range(251)) * ((start + count) // 251 + 1))[start : start + count]


class Daemon:
    def __init__(self, binary: str, folder: str, port: int, key: str | None):
        self.folder = folder
        self.control = os.path.join(folder, "control.sock")
        self.arguments = [
            binary, f"-listen=/unix{self.control}", f"-hostAddrs=/ip4/127.0.0.1/tcp/{port}", "-natPortMap=0",
            "-autonat=0", "-relay=0", "-quic=0", "-q",
        ] + ([f"-id={key}"] if key else [])  # fmt: skip

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )  # fmt: skip
        answer, _, writer = await self.first_answer()
        writer.close()
        identity = parse(answer[4][0])
        self.peer = identity[1][0]
        self.addresses = identity[2]

    async def first_answer(self):
        """Who the daemon is, as soon as it says so: its socket is there a moment before it listens."""
        for _ in range(200):
            try:
                return await self.request(field(1, 0))
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.05)
        raise RuntimeError("p2pd does not answer at its control socket")

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        await self.process.wait()

    async def request(self, body: bytes):
        reader, writer = await asyncio.open_unix_connection(self.control)
        writer.write(varint(len(body)) + body)
        answer = await read_message(reader)
        if answer[1][0]:
            raise RuntimeError(parse(answer[2][0])[1][0].decode())
        return answer, reader, writer

    async def connect(self, address: str) -> bytes:
        binary, peer = tcp_multiaddr(address)
        _, _, writer = await self.request(field(1, 1) + field(2, field(1, peer) + field(2, binary)))
        writer.close()
        return peer

    async def open(self, peer: bytes, protocol: str):
        request = field(1, 2) + field(3, field(1, peer) + field(2, protocol.encode()))
        _, reader, writer = await self.request(request)
        return reader, writer

    async def handle(self, protocol: str, serve) -> None:
        path = os.path.join(self.folder, f"handler-{protocol.strip('/').split('/')[0]}.sock")

        async def accepted(reader, writer):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await read_message(reader)
                await serve(reader, writer)
            writer.close()

        await asyncio.start_unix_server(accepted, path)
        encoded = path.encode()
        address = varint(400) + varint(len(encoded)) + encoded
        request = field(1, 3) + field(4, field(1, address) + field(2, protocol.encode()) + field(3, 0))
        _, _, writer = await self.request(request)
        writer.close()


async def echo(reader, writer) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()


async def blast(reader, writer) -> None:
    count, sent = int.from_bytes(await reader.readexactly(8), "big"), 0
    while sent < count:
        size = min(CHUNK, count - sent)
        writer.write(pattern(size, sent))
        await writer.drain()
        sent += size


async def sink(reader, writer) -> None:
    count, got, digest = int.from_bytes(await reader.readexactly(8), "big"), 0, hashlib.sha256()
    while got < count and (chunk := await reader.read(min(CHUNK, count - got))):
        got += len(chunk)
        digest.update(chunk)
    writer.write(got.to_bytes(8, "big") + digest.digest())
    await writer.drain()


async def call(daemon: Daemon, address: str, count: int) -> dict:
    out: dict = {}
    start = time.perf_counter()
    peer = await daemon.connect(address)
    out["connect_ms"] = round((time.perf_counter() - start) * 1000, 3)

    reader, writer = await daemon.open(peer, PING)
    times = []
    for _ in range(20):
        token = secrets.token_bytes(32)
        start = time.perf_counter()
        writer.write(token)
        assert await reader.readexactly(32) == token, "pong differs"
        times.append(time.perf_counter() - start)
    writer.close()
    out["ping_ms"] = round(sorted(times)[len(times) // 2] * 1000, 4)

    reader, writer = await daemon.open(peer, IDENTIFY)
    identify = await read_message(reader)
    writer.close()
    out["agent"] = identify.get(6, [b""])[0].decode()
    out["protocols"] = [name.decode() for name in identify.get(3, [])]

    reader, writer = await daemon.open(peer, ECHO)
    token = secrets.token_bytes(100_000)
    writer.write(token)
    assert await reader.readexactly(len(token)) == token, "echo differs"
    writer.close()

    reader, writer = await daemon.open(peer, BLAST)
    start = time.perf_counter()
    writer.write(count.to_bytes(8, "big"))
    got, digest = 0, hashlib.sha256()
    while got < count and (chunk := await reader.read(CHUNK)):
        got += len(chunk)
        digest.update(chunk)
    out["blast_MBps"] = round(got / (time.perf_counter() - start) / 1e6, 1)
    want = hashlib.sha256(pattern(count)).digest()
    assert got == count and digest.digest() == want, f"blast differs after {got} bytes"
    writer.close()

    reader, writer = await daemon.open(peer, SINK)
    start = time.perf_counter()
    writer.write(count.to_bytes(8, "big"))
    for sent in range(0, count, CHUNK):
        writer.write(pattern(min(CHUNK, count - sent), sent))
        await writer.drain()
    assert await reader.readexactly(40) == count.to_bytes(8, "big") + want, "sink differs"
    out["sink_MBps"] = round(count / (time.perf_counter() - start) / 1e6, 1)
    writer.close()
    return out


async def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--p2pd", required=True)
    options.add_argument("--key")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--to")
    options.add_argument("--bytes", type=int, default=8 << 20)
    options.add_argument("--max-seconds", type=float, default=600)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="p2pd-") as folder:
        daemon = Daemon(chosen.p2pd, folder, chosen.port, chosen.key)
        try:
            await daemon.start()
            if chosen.to:
                try:
                    found = await asyncio.wait_for(call(daemon, chosen.to, chosen.bytes), chosen.max_seconds)
                    emit("result", ok=True, **found)
                    return 0
                except Exception as error:  # noqa: BLE001
                    emit("result", ok=False, error=f"{type(error).__name__}: {error}")
                    return 1
            for protocol, serve in ((ECHO, echo), (BLAST, blast), (SINK, sink)):
                await daemon.handle(protocol, serve)
            port = next(int.from_bytes(a[6:8], "big") for a in daemon.addresses if a[:1] == b"\x04" and a[5:6] == b"\x06")
            peer = base58(daemon.peer)
            emit("listening", multiaddr=f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer}", peer_id=peer)
            stopped = asyncio.Event()
            for name in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(name, stopped.set)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stopped.wait(), chosen.max_seconds)
            return 0
        finally:
            await daemon.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
