#!/usr/bin/env python3
"""A py-libp2p peer that speaks the API protocol as the published nodes do (/subnet/api_protocol/1.0.0), without their
code: it reads and writes the same way, which is what cuts their answers.

  python api_peer.py                                   serves; prints where it listens
  python api_peer.py --to MULTIADDR --route NAME ...   calls one peer or several, in the published way: one read for a unary answer,
                                                       or, for stream:NAME, reads until the end

Served routes: health, echo (what was asked, as JSON), bytes-N (N bytes, byte i = i mod 251, in one write), pieces
(three writes), silent, reset. JSON lines: {"event":"listening",...}, {"event":"result",...}.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys

import refcommon as rc

PROTOCOL = "/subnet/api_protocol/1.0.0"
UNARY, STREAM = 0, 1


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def encode(route: str, method: str, headers: dict, body: bytes, kind: int) -> bytes:
    message = b"".join(field(n, v.encode()) for n, v in ((1, route), (2, method)) if v)
    for name, value in headers.items():
        message += field(3, field(1, name.encode()) + field(2, value.encode()))
    message += field(4, body) if body else b""
    return message + (b"\x28" + varint(kind) if kind else b"")


def fields(message: bytes):
    def number(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value, at

    at = 0
    while at < len(message):
        tag, at = number(at)
        value, at = number(at)
        if tag & 7 == 2:
            yield tag >> 3, message[at : at + value]
            at += value
        else:
            yield tag >> 3, value


def decode(message: bytes) -> dict:
    request = {"route": "", "method": "", "headers": {}, "body": b"", "kind": UNARY}
    for number, value in fields(message):
        if number == 3:
            pair = dict(fields(value))
            request["headers"][pair.get(1, b"").decode()] = pair.get(2, b"").decode()
        elif number in (1, 2):
            request["route" if number == 1 else "method"] = value.decode()
        elif number == 4:
            request["body"] = value
        elif number == 5:
            request["kind"] = value
    return request


async def serve(stream) -> None:
    import trio

    prefix = b""
    while not prefix or prefix[-1] & 0x80:
        prefix += await stream.read(1)
    length = sum((byte & 0x7F) << 7 * i for i, byte in enumerate(prefix))
    message = await stream.read(length)  # once, as the published nodes do
    if len(message) < length:
        rc.emit("lost", length=length, got=len(message))
        return await stream.close()
    request = decode(message)
    route = request["route"]
    if route == "health":
        await stream.write(b'{"ok":true}')
    elif route == "echo":
        seen = {**request, "body": len(request["body"])}
        await stream.write(json.dumps(seen, sort_keys=True, separators=(",", ":")).encode())
    elif route.startswith("bytes-"):
        await stream.write(rc.pattern(int(route[6:])))
    elif route == "pieces":
        for piece in (b"one,", b"two,", b"three"):
            await stream.write(piece)
            await trio.sleep(0.02)
    elif route == "silent":
        await trio.sleep_forever()
    elif route == "reset":
        await stream.write(b"half")
        return await stream.reset()
    else:
        await stream.write(b"Route not found")
    await stream.close()


async def call(stream, request: bytes, kind: int) -> tuple[bytes, int, str]:
    """The answer, its number of reads and how it ended."""
    from libp2p.network.stream.exceptions import StreamEOF

    await stream.write(varint(len(request)) + request)
    if kind == UNARY:
        try:
            answer = await stream.read(2**32 - 1)
        except StreamEOF:
            return b"", 0, "StreamEOF"
        await stream.close()
        return answer, 1, "read"
    answer, reads = b"", 0
    while True:
        try:
            chunk = await stream.read(4096)
        except StreamEOF:
            return answer, reads, "end"
        if not chunk:
            return answer, reads, "empty"
        answer, reads = answer + chunk, reads + 1


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--to", action="append", default=[], help="may be given several times")
    options.add_argument("--route", action="append", default=[], help="may be given several times; stream:NAME streams")
    options.add_argument("--method", default="GET")
    options.add_argument("--header", action="append", default=[], help="k=v, repeatable")
    options.add_argument("--body-length", type=int, default=0)
    options.add_argument("--key", help="the key file of its identity; a new one otherwise")
    options.add_argument("--repeat", type=int, default=1)
    options.add_argument("--max-seconds", type=float, default=120)
    chosen = options.parse_args()

    import trio
    from libp2p.tools.utils import info_from_p2p_addr
    from multiaddr import Multiaddr

    async def ask(host, address: str) -> None:
        info = info_from_p2p_addr(Multiaddr(address))
        await host.connect(info)
        headers = dict(header.split("=", 1) for header in chosen.header)
        for route in chosen.route * chosen.repeat:
            kind = STREAM if route.startswith("stream:") else UNARY
            name = route.removeprefix("stream:")
            request = encode(name, chosen.method, headers, rc.pattern(chosen.body_length), kind)
            stream = await host.new_stream(info.peer_id, [PROTOCOL])
            answer, reads, end = await call(stream, request, kind)
            rc.emit("result", len=len(answer), sha256=rc.sha(answer), reads=reads, end=end,
                    text=answer[:400].decode(errors="replace"))

    async def run() -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            listen = [Multiaddr(f"/ip4/127.0.0.1/tcp/{probe.getsockname()[1]}")]
        host = rc.make_host(rc.load_key(chosen.key, None if chosen.key else secrets.token_hex(32)), "noise", "yamux", None, "allow")
        rc.quiet_logs()
        if not chosen.to:
            host.set_stream_handler(PROTOCOL, serve)
        async with host.run(listen_addrs=listen):
            if chosen.to:
                with trio.fail_after(chosen.max_seconds):
                    for address in chosen.to:
                        await ask(host, address)
                    return
            rc.emit("listening", multiaddr=str(host.get_addrs()[0]))
            await rc.wait_for_stop(chosen.max_seconds)

    try:
        trio.run(run)
    except BaseException as error:  # noqa: BLE001
        rc.emit("result", len=-1, error=f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
