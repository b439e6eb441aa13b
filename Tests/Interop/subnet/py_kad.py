#!/usr/bin/env python3
"""py-libp2p's Kademlia: a DHT server, or one that looks a peer up through ours.

  python py_kad.py                                    a DHT server; prints where it listens
  python py_kad.py --bootstrap MULTIADDR --find PEER  connects there and looks PEER up

JSON lines: {"event":"listening",...} or {"event":"result","ok":...,"addresses":[...]}.
"""

from __future__ import annotations

import argparse
import secrets
import sys

import refcommon as rc


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--bootstrap")
    options.add_argument("--find")
    options.add_argument("--max-seconds", type=float, default=60)
    chosen = options.parse_args()

    import trio
    from libp2p.kad_dht.kad_dht import DHTMode, KadDHT
    from libp2p.peer.id import ID
    from libp2p.tools.anyio_service import background_trio_service
    from libp2p.tools.utils import info_from_p2p_addr
    from multiaddr import Multiaddr

    failed = False

    async def find(host, dht) -> None:
        nonlocal failed
        info = info_from_p2p_addr(Multiaddr(chosen.bootstrap))
        await host.connect(info)
        await dht.add_peer(info.peer_id)
        found = await dht.find_peer(ID.from_base58(chosen.find))
        addresses = [str(address) for address in found.addrs] if found else []
        failed = not addresses
        rc.emit("result", ok=not failed, addresses=addresses)

    async def run() -> None:
        host = rc.make_host(rc.load_key(None, secrets.token_hex(32)), "noise", "yamux", None, "allow")
        rc.quiet_logs()
        async with host.run(listen_addrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")]):
            dht = KadDHT(host, DHTMode.SERVER)
            async with background_trio_service(dht):
                if chosen.find:
                    with trio.fail_after(chosen.max_seconds):
                        await find(host, dht)
                    return
                addresses = [str(address) for address in host.get_addrs()]
                rc.emit("listening", multiaddr=addresses[0], addresses=addresses)
                with trio.move_on_after(chosen.max_seconds):
                    await trio.sleep_forever()

    try:
        trio.run(run)
    except BaseException as error:  # noqa: BLE001
        rc.emit("result", ok=False, error=f"{type(error).__name__}: {error}")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
