#!/usr/bin/env python3
"""Measures py-libp2p against py-libp2p: python py_libp2p_calls.py MULTIADDR BYTES

Prints one JSON object with the names of LibP2PPeers: times in seconds, rates in bytes a second.
"""
import hashlib
import json
import secrets
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Interop" / "subnet"))
import refcommon as rc  # noqa: E402
import trio  # noqa: E402
from libp2p.tools.utils import info_from_p2p_addr  # noqa: E402
from multiaddr import Multiaddr  # noqa: E402
from ref_host import BLAST, CHUNK, ECHO, SINK, read_exact  # noqa: E402

# More dials in a row are refused, and more streams in a row are not always answered.
CONNECTS, PINGS, STREAMS = 5, 1000, 50


async def first_byte(host, peer):
    stream = await host.new_stream(peer, [ECHO])
    await stream.write(b"1")
    assert await read_exact(stream, 1) == b"1"
    return stream


async def connect_times(info):
    times = []
    for _ in range(CONNECTS):
        host = rc.make_host(rc.load_key(None), "noise", "yamux")
        async with host.run(listen_addrs=[]):
            start = time.perf_counter()
            await host.connect(info)
            stream = await first_byte(host, info.peer_id)
            times.append(time.perf_counter() - start)
            await stream.close()
    return times


async def ping_times(host, peer):
    stream = await host.new_stream(peer, ["/ipfs/ping/1.0.0"])
    times = []
    for _ in range(PINGS):
        token = secrets.token_bytes(32)
        start = time.perf_counter()
        await stream.write(token)
        assert await read_exact(stream, 32) == token
        times.append(time.perf_counter() - start)
    await stream.close()
    return times


async def stream_times(host, peer):
    times = []
    for _ in range(STREAMS):
        start = time.perf_counter()
        stream = await first_byte(host, peer)
        times.append(time.perf_counter() - start)
        await stream.close()
    return times


async def download(host, peer, count):
    stream = await host.new_stream(peer, [BLAST])
    start, got = time.perf_counter(), 0
    await stream.write(count.to_bytes(8, "big"))
    while got < count and (chunk := await stream.read(65536)):
        got += len(chunk)
    assert got == count
    await stream.close()
    return count / (time.perf_counter() - start)


async def upload(host, peer, count):
    stream = await host.new_stream(peer, [SINK])
    start, digest = time.perf_counter(), hashlib.sha256()
    await stream.write(count.to_bytes(8, "big"))
    for sent in range(0, count, CHUNK):
        piece = rc.pattern(min(CHUNK, count - sent), sent)
        digest.update(piece)
        await stream.write(piece)
    assert await read_exact(stream, 40) == count.to_bytes(8, "big") + digest.digest()
    return count / (time.perf_counter() - start)


async def main(address, count):
    rc.quiet_logs()
    info = info_from_p2p_addr(Multiaddr(address))
    connects = await connect_times(info)
    host = rc.make_host(rc.load_key(None), "noise", "yamux")
    async with host.run(listen_addrs=[]):
        await host.connect(info)
        peer = info.peer_id
        print(json.dumps({
            "connect + first byte": statistics.median(connects),
            "ping": statistics.median(await ping_times(host, peer)),
            "stream + first byte": statistics.median(await stream_times(host, peer)),
            "download": await download(host, peer, count),
            "upload, hashed": await upload(host, peer, count),
        }))


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]))
