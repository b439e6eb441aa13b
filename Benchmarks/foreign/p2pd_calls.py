#!/usr/bin/env python3
"""Measures go-libp2p against go-libp2p, as p2pd's users feel it: python p2pd_calls.py P2PD MULTIADDR BYTES

Prints one JSON object with the names of LibP2PPeers: times in seconds, rates in bytes a second.
"""
import asyncio
import hashlib
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Interop" / "mesh"))
from p2pd_peer import BLAST, CHUNK, ECHO, PING, SINK, Daemon, pattern  # noqa: E402

CONNECTS, PINGS, STREAMS = 10, 1000, 200


async def first_byte(daemon, peer):
    reader, writer = await daemon.open(peer, ECHO)
    writer.write(b"1")
    assert await reader.readexactly(1) == b"1"
    return writer


async def connect_times(binary, folder, address):
    times = []
    for number in range(CONNECTS):
        home = os.path.join(folder, str(number))
        os.mkdir(home)
        daemon = Daemon(binary, home, 0, None)
        await daemon.start()
        start = time.perf_counter()
        writer = await first_byte(daemon, await daemon.connect(address))
        times.append(time.perf_counter() - start)
        writer.close()
        await daemon.stop()
    return times


async def ping_times(daemon, peer):
    reader, writer = await daemon.open(peer, PING)
    times = []
    for _ in range(PINGS):
        token = secrets.token_bytes(32)
        start = time.perf_counter()
        writer.write(token)
        assert await reader.readexactly(32) == token
        times.append(time.perf_counter() - start)
    writer.close()
    return times


async def stream_times(daemon, peer):
    times = []
    for _ in range(STREAMS):
        start = time.perf_counter()
        writer = await first_byte(daemon, peer)
        times.append(time.perf_counter() - start)
        writer.close()
    return times


async def download(daemon, peer, count):
    reader, writer = await daemon.open(peer, BLAST)
    start, got = time.perf_counter(), 0
    writer.write(count.to_bytes(8, "big"))
    while got < count and (chunk := await reader.read(CHUNK)):
        got += len(chunk)
    assert got == count
    writer.close()
    return count / (time.perf_counter() - start)


async def upload(daemon, peer, count):
    reader, writer = await daemon.open(peer, SINK)
    start, digest = time.perf_counter(), hashlib.sha256()
    writer.write(count.to_bytes(8, "big"))
    for sent in range(0, count, CHUNK):
        piece = pattern(min(CHUNK, count - sent), sent)
        digest.update(piece)
        writer.write(piece)
        await writer.drain()
    assert await reader.readexactly(40) == count.to_bytes(8, "big") + digest.digest()
    return count / (time.perf_counter() - start)


async def main(binary, address, count):
    with tempfile.TemporaryDirectory(prefix="p2pd-") as folder:
        connects = await connect_times(binary, folder, address)
        daemon = Daemon(binary, folder, 0, None)
        await daemon.start()
        try:
            peer = await daemon.connect(address)
            print(json.dumps({
                "connect + first byte": statistics.median(connects),
                "ping": statistics.median(await ping_times(daemon, peer)),
                "stream + first byte": statistics.median(await stream_times(daemon, peer)),
                "download": await download(daemon, peer, count),
                "upload, hashed": await upload(daemon, peer, count),
            }))
        finally:
            await daemon.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
