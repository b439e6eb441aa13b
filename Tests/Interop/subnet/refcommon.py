"""Shared helpers for the reference peers (our own code, no template code).

Everything printed on stdout is one JSON object per line.  Diagnostics of the
libraries go to stderr.  All peers bind loopback unless told otherwise.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import signal
import sys
import time

T0 = time.monotonic()

# A parent that starts us from a thread with blocked signals would make us deaf to its SIGTERM.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def emit(event: str, **kw) -> None:
    rec = {"event": event, "t": round(time.monotonic() - T0, 6)}
    rec.update(kw)
    sys.stdout.write(json.dumps(rec, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


def quiet_logs() -> None:
    """Keep library logging off stdout so that stdout stays machine readable."""
    level = os.environ.get("REF_LOG", "ERROR").upper()
    for h in list(logging.getLogger().handlers):
        logging.getLogger().removeHandler(h)
    logging.basicConfig(stream=sys.stderr, level=getattr(logging, level, logging.ERROR), force=True)
    logging.getLogger("libp2p").setLevel(getattr(logging, level, logging.ERROR))


def lib_versions() -> dict:
    out = {}
    for name in ("libp2p", "multiaddr", "trio", "httpx", "protobuf", "noiseprotocol"):
        try:
            out[name] = importlib.metadata.version(name)
        except Exception:
            out[name] = None
    return out


def add_template_to_path() -> str:
    root = os.environ.get("SUBNET_TEMPLATE", "PATH_OF_THE_TEMPLATE")
    if not os.path.isdir(os.path.join(root, "subnet", "protocols")):
        raise SystemExit(f"SUBNET_TEMPLATE={root!r} does not look like the subnet-template checkout")
    sys.dont_write_bytecode = True
    sys.path.insert(0, root)
    return root


def load_key(path: str | None, seed_hex: str | None = None):
    """Return a libp2p KeyPair from a template *.key file (protobuf
    {1: type, 2: data}), from a 32-byte Ed25519 seed in hex, or a fresh one."""
    import secrets

    from libp2p.crypto.ed25519 import create_new_key_pair as ed_new
    from libp2p.crypto.keys import KeyPair

    if seed_hex:
        return ed_new(bytes.fromhex(seed_hex))
    if not path:
        return ed_new(secrets.token_bytes(32))
    raw = open(path, "rb").read()
    # tiny protobuf reader: field 1 varint (absent = RSA/0), field 2 bytes
    i, typ, data = 0, 0, b""
    while i < len(raw):
        tag = raw[i]
        i += 1
        if tag == 0x08:
            typ = raw[i]
            i += 1
        elif tag == 0x12:
            ln = shift = 0
            while True:
                b = raw[i]
                i += 1
                ln |= (b & 0x7F) << shift
                shift += 7
                if not b & 0x80:
                    break
            data = raw[i : i + ln]
            i += ln
        else:
            raise SystemExit(f"{path}: unexpected protobuf tag 0x{tag:02x}")
    if typ == 1:
        return ed_new(data[:32])
    if typ == 2:
        from libp2p.crypto.secp256k1 import create_new_key_pair as sec_new

        return sec_new(data)
    if typ == 0:
        from Crypto.PublicKey import RSA
        from libp2p.crypto.rsa import RSAPrivateKey

        priv = RSAPrivateKey(RSA.import_key(data))
        return KeyPair(priv, priv.get_public_key())
    raise SystemExit(f"{path}: key type {typ} cannot sign in py-libp2p (ECDSA signing is not implemented there)")


class FakeChain:
    """Stand-in for the chain client that the template's ProofOfStake asks."""

    def __init__(self, mode: str):
        self.mode = mode
        self.calls = 0

    def proof_of_stake(self, subnet_id, peer_id, min_class):
        self.calls += 1
        emit(
            "pos_query",
            subnet_id=subnet_id,
            peer_id_ascii="".join(chr(c) for c in peer_id),
            min_class=min_class,
            answer=self.mode,
        )
        if self.mode == "allow":
            return {"jsonrpc": "2.0", "result": True, "id": 1}
        if self.mode == "deny":
            return {"jsonrpc": "2.0", "result": False, "id": 1}
        if self.mode == "rpcerror":
            return {"jsonrpc": "2.0", "error": {"code": -32000, "message": "x"}, "id": 1}
        if self.mode == "none":
            return None
        raise RuntimeError("chain unreachable (simulated)")


def make_host(key_pair, security: str, muxer: str, listen_addrs=None, pos_mode: str = "allow", subnet_id: int = 1):
    """security: noise | default | pos | plaintext ; muxer: yamux | mplex | both"""
    from libp2p import new_host
    from libp2p.crypto.x25519 import create_new_key_pair as x_new

    kw = {}
    if security == "noise":
        from libp2p.security.noise.transport import PROTOCOL_ID, Transport

        kw["sec_opt"] = {PROTOCOL_ID: Transport(key_pair, noise_privkey=x_new().private_key)}
    elif security == "pos":
        add_template_to_path()
        import libp2p.security.secio.transport as secio
        from libp2p.security.noise.transport import Transport
        from subnet.utils.pos.pos_transport import PROTOCOL_ID as POS_ID, POSTransport
        from subnet.utils.pos.proof_of_stake import ProofOfStake

        pos = ProofOfStake(subnet_id=subnet_id, hypertensor=FakeChain(pos_mode), min_class=0)
        kw["sec_opt"] = {
            POS_ID: POSTransport(transport=Transport(key_pair, noise_privkey=x_new().private_key), pos=pos),
            secio.ID: POSTransport(transport=secio.Transport(key_pair), pos=pos),
        }
    elif security == "pos-client":
        # what a foreign implementation needs in order to dial a PoS node:
        # plain Noise XX registered under the PoS protocol id
        from libp2p.security.noise.transport import Transport

        kw["sec_opt"] = {"/pos-transport/1.0.0": Transport(key_pair, noise_privkey=x_new().private_key)}
    elif security == "tls":
        from libp2p.security.tls.transport import PROTOCOL_ID as TLS_ID, TLSTransport

        kw["sec_opt"] = {TLS_ID: TLSTransport(key_pair)}
    elif security == "plaintext":
        from libp2p.security.insecure.transport import PLAINTEXT_PROTOCOL_ID, InsecureTransport

        kw["sec_opt"] = {PLAINTEXT_PROTOCOL_ID: InsecureTransport(key_pair)}
    elif security != "default":
        raise SystemExit(f"unknown --security {security}")

    if muxer == "yamux":
        from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YID, Yamux

        kw["muxer_opt"] = {YID: Yamux}
    elif muxer == "mplex":
        from libp2p.stream_muxer.mplex.mplex import MPLEX_PROTOCOL_ID, Mplex

        kw["muxer_opt"] = {MPLEX_PROTOCOL_ID: Mplex}
    elif muxer != "both":
        raise SystemExit(f"unknown --muxer {muxer}")

    if listen_addrs is not None:
        kw["listen_addrs"] = listen_addrs
    return new_host(key_pair=key_pair, **kw)


def pattern(n: int, offset: int = 0) -> bytes:
    """Deterministic byte stream used by /blast and /sink: byte i = i mod 251."""
    block = bytes(range(251))
    start = offset % 251
    reps = (start + n) // 251 + 1
    return (block * reps)[start : start + n]


def sha(b: bytes) -> str:
    return hashlib.sha256(b).hexdigest()


async def wait_for_stop(max_seconds: float) -> str:
    """Return on SIGINT/SIGTERM or when max_seconds have passed (0 = no limit)."""
    import trio

    why = "timeout"
    with trio.move_on_after(max_seconds if max_seconds > 0 else float("inf")):
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as sigs:
            async for s in sigs:
                why = signal.Signals(s).name
                break
    return why
