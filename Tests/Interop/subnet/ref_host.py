#!/usr/bin/env python3
"""Plain py-libp2p host for interop work: Noise (/noise) + Yamux, identify, ping,
plus three tiny protocols.

  python ref_host.py --port 42001 [--key FILE] [--security noise|default|pos|...] [--max-seconds N]

/echo/1.0.0   every byte read is written back; closed when the caller half-closes
/blast/1.0.0  caller sends 8 bytes big-endian N; host answers N bytes (byte i = i mod 251), then closes
/sink/1.0.0   caller sends 8 bytes big-endian N then N bytes; host answers 8 bytes big-endian
              count + 32 bytes SHA-256 of what it read, then closes
"""

from __future__ import annotations

import argparse
import hashlib
import socket
import time

import refcommon as rc

ECHO = "/echo/1.0.0"
BLAST = "/blast/1.0.0"
SINK = "/sink/1.0.0"
CHUNK = 60 * 1024  # one Noise message and one Yamux frame on every py-libp2p version


async def read_exact(stream, n: int) -> bytes:
    out = b""
    while len(out) < n:
        c = await stream.read(n - len(out))
        if not c:
            raise EOFError(f"{len(out)} of {n} bytes")
        out += c
    return out


def install(host, log: bool = True) -> None:
    from libp2p.network.stream.exceptions import StreamEOF

    async def echo(stream) -> None:
        n = 0
        try:
            while True:
                b = await stream.read(CHUNK)
                if not b:
                    break
                n += len(b)
                await stream.write(b)
        except StreamEOF:
            pass
        except Exception as e:  # noqa: BLE001
            rc.emit("echo_error", error=f"{type(e).__name__}: {e}")
        try:
            await stream.close()
        except Exception:  # noqa: BLE001
            pass
        if log:
            rc.emit("echo_done", bytes=n, peer=str(stream.muxed_conn.peer_id))

    async def blast(stream) -> None:
        t = time.monotonic()
        try:
            n = int.from_bytes(await read_exact(stream, 8), "big")
            sent = 0
            while sent < n:
                k = min(CHUNK, n - sent)
                await stream.write(rc.pattern(k, sent))
                sent += k
            await stream.close()
            if log:
                rc.emit("blast_done", bytes=sent, dt=round(time.monotonic() - t, 6))
        except Exception as e:  # noqa: BLE001
            rc.emit("blast_error", error=f"{type(e).__name__}: {e}")
            await stream.reset()

    async def sink(stream) -> None:
        t = time.monotonic()
        try:
            n = int.from_bytes(await read_exact(stream, 8), "big")
            h = hashlib.sha256()
            got = 0
            while got < n:
                c = await stream.read(min(65536, n - got))
                if not c:
                    break
                got += len(c)
                h.update(c)
            await stream.write(got.to_bytes(8, "big") + h.digest())
            await stream.close()
            if log:
                rc.emit("sink_done", bytes=got, dt=round(time.monotonic() - t, 6))
        except Exception as e:  # noqa: BLE001
            rc.emit("sink_error", error=f"{type(e).__name__}: {e}")
            await stream.reset()

    host.set_stream_handler(ECHO, echo)
    host.set_stream_handler(BLAST, blast)
    host.set_stream_handler(SINK, sink)


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, required=True, help="0 takes any free one")
    ap.add_argument("--ip", default="127.0.0.1")
    ap.add_argument("--key")
    ap.add_argument("--seed-hex")
    ap.add_argument("--security", default="noise", choices=["noise", "default", "pos", "pos-client", "tls", "plaintext"])
    ap.add_argument("--muxer", default="yamux", choices=["yamux", "mplex", "both"])
    ap.add_argument("--pos", default="allow", choices=["allow", "deny", "error", "rpcerror", "none"])
    ap.add_argument("--max-seconds", type=float, default=600)
    a = ap.parse_args()

    import trio
    from multiaddr import Multiaddr

    if not a.port:
        with socket.socket() as probe:  # py-libp2p reports the port it was given, so 0 has to be resolved before
            probe.bind((a.ip, 0))
            a.port = probe.getsockname()[1]

    async def run() -> None:
        listen = [Multiaddr(f"/ip4/{a.ip}/tcp/{a.port}")]
        host = rc.make_host(rc.load_key(a.key, a.seed_hex), a.security, a.muxer, listen, a.pos)
        rc.quiet_logs()
        install(host)
        async with host.run(listen_addrs=listen):
            pid = host.get_id().to_string()
            rc.emit(
                "listening",
                multiaddr=f"/ip4/{a.ip}/tcp/{a.port}/p2p/{pid}",
                peer_id=pid,
                security=a.security,
                muxer=a.muxer,
                protocols=[str(p) for p in host.get_mux().get_protocols()],
                versions=rc.lib_versions(),
            )
            rc.emit("stopping", why=await rc.wait_for_stop(a.max_seconds))

    trio.run(run)


if __name__ == "__main__":
    main()
