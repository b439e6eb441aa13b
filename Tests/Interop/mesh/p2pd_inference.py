#!/usr/bin/env python3
"""Asks a node what it is, and a hoster for inference, through p2pd as a node of the mesh does: signed with the node's
key.

  python p2pd_inference.py --p2pd BINARY --key FILE --to MULTIADDR [--info] [--prompt 1,2,3 [--tokens N]] [--attempts N]

Prints {"event":"result","ok":true,"role":"hoster","tokens":[...]}, or why not. The signatures of all responses are
verified.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import datetime
import secrets
import struct
import sys
import tempfile
import time

from arithmetic import END, read_record, record
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key
from p2pd_peer import Daemon, emit, field, parse
from p2pd_rpc import PersistentConnection, Stream, varint


class Signer:
    """Signs as mesh-wire.md §3.3 to §3.5 has it."""

    def __init__(self, path: str):
        with open(path, "rb") as file:
            seed = parse(file.read())[2][0][:32]
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)

    def sign(self, message: bytes) -> bytes:
        return base64.b64encode(self.key.sign(message))

    def token(self) -> bytes:
        expires = str(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1))
        signature = self.sign(f" {self.public!r} {expires}".encode())
        return field(2, self.public) + field(3, expires.encode()) + field(4, signature)

    def request(self, rest: bytes) -> tuple[bytes, bytes]:
        """The request with everything but the field `auth` as `rest`, and its nonce."""
        nonce = secrets.token_bytes(8)
        auth = field(1, self.token()) + varint(3 << 3 | 1) + struct.pack("<d", time.time()) + field(4, nonce)
        signature = self.sign(field(1, auth) + rest)
        return field(1, auth + field(5, signature)) + rest, nonce


def split(data: bytes) -> list[tuple[int, bytes]]:
    """Fields with their numbers and all their bytes; those that a response has."""
    found = []
    while data:
        whole, start = data, 0
        tag = data[0]
        data = data[1:]
        if tag & 7 == 0:
            while data[start] >= 0x80:
                start += 1
            start += 1
        elif tag & 7 == 1:
            start = 8
        else:
            length = shift = 0
            while True:
                byte = data[start]
                start += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            start += length
        found.append((tag >> 3, whole[: 1 + start]))
        data = data[start:]
    return found


def read_token(body: bytes, nonce: bytes) -> int:
    """The token of a response, once its signature and nonce are right (mesh-wire.md §3.6)."""
    fields = split(body)
    auth_field = next(whole for number, whole in fields if number == 1)
    auth = split(parse(auth_field)[1][0])
    values = parse(b"".join(whole for _, whole in auth))
    assert values[2][0] == nonce, "the response has another nonce"
    bare = b"".join(whole for number, whole in auth if number != 3)
    rest = b"".join(whole for number, whole in fields if number != 1)
    key = load_ssh_public_key(parse(values[1][0])[2][0])
    key.verify(base64.b64decode(values[3][0]), field(1, bare) + rest)
    tensors = [parse(parse(whole)[5][0]) for number, whole in fields if number == 5]
    assert len(tensors) == 1 and tensors[0][4][0] == b"int64", "not one tensor of one id"
    return struct.unpack("<q", tensors[0][1][0])[0]


async def role(daemon: Daemon, peer: bytes) -> str:
    """What the node says that it is (mesh-wire.md §7)."""
    calls = PersistentConnection()
    await calls.start(daemon)
    answer = await calls.ask(3, field(1, peer) + field(2, b"InferenceProtocol.rpc_info") + field(3, b""))
    information = parse(answer)[1][0]
    # A member of a MessagePack map whose value is a short string.
    start = information.index(b"\xa4role") + 5
    return information[start + 1 : start + 1 + (information[start] & 0x1F)].decode()


async def ask(daemon: Daemon, peer: bytes, signer: Signer, prompt: list[int], count: int) -> list[int]:
    reader, writer = await daemon.open(peer, "InferenceProtocol.rpc_inference_stream")
    stream = Stream(reader, writer)
    tensor = (
        field(1, struct.pack(f"<{len(prompt)}q", *prompt)) + field(2, varint(1) + varint(len(prompt)))
        + field(4, b"int64")
    )  # fmt: skip
    request, nonce = signer.request(field(5, count) + field(6, tensor))
    await stream.write(record(0, request) + END)
    tokens = []
    while (found := await read_record(stream)) is not None:
        marker, body = found
        if marker:
            raise RuntimeError(parse(body)[1][0].decode())
        tokens.append(read_token(body, nonce))
    return tokens


async def main() -> int:
    options = argparse.ArgumentParser()
    for name in ("--p2pd", "--key", "--to"):
        options.add_argument(name, required=True)
    options.add_argument("--info", action="store_true", help="ask what the node is")
    options.add_argument("--prompt", help="ask for inference")
    options.add_argument("--tokens", type=int, default=5)
    options.add_argument("--attempts", type=int, default=1, help="hosters refuse for a moment when an epoch begins")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="p2pd-") as folder:
        daemon = Daemon(chosen.p2pd, folder, 0, chosen.key)
        async def work() -> dict:
            peer, found = await daemon.connect(chosen.to), {}
            if chosen.info:
                found["role"] = await role(daemon, peer)
            if chosen.prompt:
                prompt = [int(token) for token in chosen.prompt.split(",")]
                for left in reversed(range(chosen.attempts)):
                    try:
                        found["tokens"] = await ask(daemon, peer, Signer(chosen.key), prompt, chosen.tokens)
                        break
                    except RuntimeError:
                        if not left:
                            raise
                        await asyncio.sleep(0.5)
            return found

        try:
            await daemon.start()
            emit("result", ok=True, **await asyncio.wait_for(work(), 60))
            return 0
        except Exception as error:  # noqa: BLE001
            emit("result", ok=False, error=f"{type(error).__name__}: {error}")
            return 1
        finally:
            await daemon.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
