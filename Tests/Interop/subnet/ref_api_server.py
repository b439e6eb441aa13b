#!/usr/bin/env python3
"""Reference server: hosts the template's real ApiProtocol class on a real
py-libp2p host.

  SUBNET_TEMPLATE=PATH_OF_THE_TEMPLATE python ref_api_server.py --port 41001 --routes routes.json [--key alith.key]

Prints JSON lines; the first is {"event":"listening","multiaddr":...}.
Stops on SIGTERM/SIGINT or after --max-seconds.
"""

from __future__ import annotations

import argparse
import os
import socket

import refcommon as rc


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, required=True, help="0 takes any free one")
    ap.add_argument("--routes", required=True, help="JSON routes file (re-read by the template on each request)")
    ap.add_argument("--key", help="template *.key file; default: a fresh Ed25519 key")
    ap.add_argument("--seed-hex", help="32-byte Ed25519 seed in hex, instead of --key")
    ap.add_argument("--ip", default="127.0.0.1")
    ap.add_argument("--security", default="default", choices=["default", "noise", "pos", "pos-client", "tls", "plaintext"])
    ap.add_argument("--muxer", default="both", choices=["both", "yamux", "mplex"])
    ap.add_argument("--pos", default="allow", choices=["allow", "deny", "error", "rpcerror", "none"])
    ap.add_argument("--max-seconds", type=float, default=600)
    a = ap.parse_args()
    if not os.path.exists(a.routes):
        rc.emit("warning", msg=f"routes file {a.routes} does not exist yet")

    if not a.port:
        with socket.socket() as probe:  # py-libp2p reports the port it was given, so 0 has to be resolved before
            probe.bind((a.ip, 0))
            a.port = probe.getsockname()[1]

    root = rc.add_template_to_path()
    import trio
    from multiaddr import Multiaddr

    from subnet.protocols import api_protocol as mod

    rc.quiet_logs()

    async def run() -> None:
        kp = rc.load_key(a.key, a.seed_hex)
        listen = [Multiaddr(f"/ip4/{a.ip}/tcp/{a.port}")]
        host = rc.make_host(kp, a.security, a.muxer, listen, a.pos)
        proto = mod.ApiProtocol(host=host, config=mod.ApiProtocolConfig(config_file=a.routes))
        inner = proto._handle_incoming_stream

        async def traced(stream):
            peer = str(stream.muxed_conn.peer_id)
            rc.emit("stream_open", peer=peer)
            try:
                await inner(stream)
            finally:
                rc.emit("stream_done", peer=peer)

        host.set_stream_handler(mod.PROTOCOL_ID, traced)
        async with host.run(listen_addrs=listen):
            pid = host.get_id().to_string()
            rc.emit(
                "listening",
                multiaddr=f"/ip4/{a.ip}/tcp/{a.port}/p2p/{pid}",
                peer_id=pid,
                protocol=mod.PROTOCOL_ID,
                security=a.security,
                routes=os.path.abspath(a.routes),
                template=root,
                versions=rc.lib_versions(),
            )
            why = await rc.wait_for_stop(a.max_seconds)
            rc.emit("stopping", why=why)

    trio.run(run)
    rc.emit("stopped")


if __name__ == "__main__":
    main()
