#!/usr/bin/env python3
"""go-libp2p's Kademlia: p2pd as a bootstrap peer, or two of them that find each other through ours.

  python p2pd_kad.py --p2pd BINARY                        a DHT server; prints where it listens
  python p2pd_kad.py --p2pd BINARY --bootstrap MULTIADDR  two daemons that know only that peer: one serves echo, the
                                                          other calls it by its peer id alone

JSON lines like those of p2pd_peer.py: {"event":"listening",...} or {"event":"result","ok":...}.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile

from p2pd_peer import ECHO, Daemon, base58, echo, emit


def daemon(binary: str, folder: str, name: str, *options: str) -> Daemon:
    path = os.path.join(folder, name)
    os.mkdir(path)
    made = Daemon(binary, path, 0, None)
    made.arguments += ["-dhtServer", *options]
    return made


async def serve(chosen, folder: str) -> None:
    server = daemon(chosen.p2pd, folder, "server")
    try:
        await server.start()
        port = next(int.from_bytes(a[6:8], "big") for a in server.addresses if a[:1] == b"\x04")
        emit("listening", multiaddr=f"/ip4/127.0.0.1/tcp/{port}/p2p/{base58(server.peer)}")
        stopped = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stopped.wait(), chosen.max_seconds)
    finally:
        await server.stop()


async def meet(chosen, folder: str) -> None:
    options = ["-b", f"-bootstrapPeers={chosen.bootstrap}"]
    callee, caller = (daemon(chosen.p2pd, folder, name, *options) for name in ("callee", "caller"))
    try:
        await callee.start()
        await callee.handle(ECHO, echo)
        await caller.start()
        # The bootstrap peer asks who they are when they have connected; give it the time to.
        for attempt in range(20):
            try:
                reader, writer = await caller.open(callee.peer, ECHO)
                break
            except RuntimeError:
                if attempt == 19:
                    raise
                await asyncio.sleep(0.5)
        token = secrets.token_bytes(1000)
        writer.write(token)
        assert await reader.readexactly(len(token)) == token, "echo differs"
        writer.close()
    finally:
        await caller.stop()
        await callee.stop()


async def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--p2pd", required=True)
    options.add_argument("--bootstrap")
    options.add_argument("--max-seconds", type=float, default=120)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="p2pd-") as folder:
        if not chosen.bootstrap:
            await serve(chosen, folder)
            return 0
        try:
            await asyncio.wait_for(meet(chosen, folder), chosen.max_seconds)
            emit("result", ok=True)
            return 0
        except Exception as error:  # noqa: BLE001
            emit("result", ok=False, error=f"{type(error).__name__}: {error}")
            return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
