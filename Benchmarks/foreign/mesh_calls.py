#!/usr/bin/env python3
"""The mesh's signed unary calls between two nodes of hivemind: its own Python, its own p2pd, its own wrapper of
authorized calls. Only the authorizer is ours, since the mesh's is in no package: it does what the mesh's does for a key
of the kind that our nodes have (docs/protocols.md), a token and a signature for each message and no more.

  python mesh_calls.py P2PD HIVEMIND            is the node that is called; says where it listens
  python mesh_calls.py P2PD HIVEMIND MULTIADDR  calls it; prints {figure: seconds, or calls a second}

HIVEMIND is the folder that holds the package (make setup).
"""

import asyncio
import base64
import json
import os
import secrets
import signal
import statistics
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CONTROL = Path(__file__).resolve().parents[2] / "Tests" / "Interop" / "control"
os.environ.update(CONTROL_DAEMON="p2pd", VALIDATORD_P2PD=sys.argv[1])
sys.path.insert(0, str(CONTROL))
import bindings  # noqa: E402

bindings.load(sys.argv[2], str(CONTROL / "daemon"))
from hivemind.p2p import P2P, P2PContext, PeerID, ServicerBase  # noqa: E402
from hivemind.proto import auth_pb2, runtime_pb2  # noqa: E402
from hivemind.utils.auth import AuthorizerBase, AuthRole, AuthRPCWrapper  # noqa: E402
from hivemind.utils.multiaddr import Multiaddr  # noqa: E402
from hivemind.utils.timed_storage import TimedStorage, get_dht_time  # noqa: E402

IN_FLIGHT = 16


def message(name: str, auth: str, tensor: int) -> type:
    """A message with `auth` in field 1 and a tensor, as the mesh's inference protocol has them."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto",
        package="bench",
        syntax="proto3",
        dependency=[auth_pb2.DESCRIPTOR.name, runtime_pb2.DESCRIPTOR.name],
    )
    fields = file.message_type.add(name=name).field
    kind = descriptor_pb2.FieldDescriptorProto
    for field, number, described in [("auth", 1, auth), ("tensor", tensor, runtime_pb2.Tensor.DESCRIPTOR)]:
        fields.add(
            name=field,
            number=number,
            type=kind.TYPE_MESSAGE,
            type_name=f".{described.full_name}",
            label=kind.LABEL_OPTIONAL,
        )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"bench.{name}"))


Request = message("InferenceRequestAuth", auth_pb2.RequestAuthInfo.DESCRIPTOR, 6)
Response = message("InferenceResponseAuth", auth_pb2.ResponseAuthInfo.DESCRIPTOR, 5)


class Signatures(AuthorizerBase):
    """A token of a minute for each message, the message signed, its signer's key read from the token, nonces kept."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        self.nonces = TimedStorage()

    def sign(self, data: bytes) -> bytes:
        return base64.b64encode(self.key.sign(data))

    def token(self) -> auth_pb2.AccessToken:
        expires = str(datetime.now(timezone.utc) + timedelta(minutes=1))
        token = auth_pb2.AccessToken(username="", public_key=self.public, expiration_time=expires)
        token.signature = self.sign(f"{token.username} {token.public_key} {token.expiration_time}".encode())
        return token

    @staticmethod
    def is_signed(signed, by: bytes) -> bool:
        signature, signed.auth.signature = signed.auth.signature, b""
        try:
            load_ssh_public_key(by).verify(base64.b64decode(signature), signed.SerializeToString())
            return True
        except InvalidSignature:
            return False

    async def sign_request(self, request, service_public_key) -> None:
        request.auth.client_access_token.CopyFrom(self.token())
        request.auth.time, request.auth.nonce = get_dht_time(), secrets.token_bytes(8)
        request.auth.signature = self.sign(request.SerializeToString())

    async def validate_request(self, request) -> bool:
        auth = request.auth
        if not self.is_signed(request, auth.client_access_token.public_key):
            return False
        with self.nonces.freeze():
            now = get_dht_time()
            if abs(auth.time - now) > 60 or auth.nonce in self.nonces:
                return False
        self.nonces.store(auth.nonce, None, now + 180)
        return True

    async def sign_response(self, response, request) -> None:
        response.auth.service_access_token.CopyFrom(self.token())
        response.auth.nonce = request.auth.nonce
        response.auth.signature = self.sign(response.SerializeToString())

    async def validate_response(self, response, request) -> bool:
        return (
            self.is_signed(response, response.auth.service_access_token.public_key)
            and response.auth.nonce == request.auth.nonce
        )


class Parrot(ServicerBase):
    async def rpc_repeat(self, request: Request, context: P2PContext) -> Response:
        return Response(tensor=request.tensor)


async def listen(node: P2P) -> None:
    parrot = Parrot()
    await parrot.add_p2p_handlers(node, AuthRPCWrapper(parrot, AuthRole.SERVICER, Signatures()))
    address = next(str(address) for address in await node.get_visible_maddrs() if "/tcp/" in str(address))
    print(json.dumps({"event": "listening", "multiaddr": address}), flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


async def measure(node: P2P, peer: PeerID) -> None:
    await node.wait_for_at_least_n_peers(1)
    stub = AuthRPCWrapper(Parrot.get_stub(node, peer), AuthRole.CLIENT, Signatures())
    figures = {}

    async def once(body: bytes) -> None:
        answer = await stub.rpc_repeat(Request(tensor=runtime_pb2.Tensor(buffer=body)))
        assert len(answer.tensor.buffer) == len(body)

    async def many(count: int, body: bytes) -> None:
        for _ in range(count):
            await once(body)

    for size, name, count in [(8, "8 B", 2_000), (64 << 10, "64 KiB", 1_000)]:
        body = secrets.token_bytes(size)
        await many(100, body)
        times = []
        for _ in range(count // 4):
            start = time.perf_counter()
            await once(body)
            times.append(time.perf_counter() - start)
        figures[f"signed call, {name}"] = statistics.median(times)
        start = time.perf_counter()
        await asyncio.gather(*(many(count // IN_FLIGHT, body) for _ in range(IN_FLIGHT)))
        figures[f"signed calls, {name}"] = count // IN_FLIGHT * IN_FLIGHT / (time.perf_counter() - start)
    print(json.dumps(figures), flush=True)


async def main(address: str | None) -> None:
    quiet = {"auto_nat": False, "nat_port_map": False, "use_relay": False, "check_if_identity_free": False}
    known = [Multiaddr(address)] if address else []
    node = await P2P.create(
        host_maddrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")], initial_peers=known, startup_timeout=60, **quiet
    )
    try:
        await (measure(node, PeerID.from_base58(address.rsplit("/", 1)[1])) if address else listen(node))
    finally:
        await node.shutdown()


asyncio.run(main(sys.argv[3] if len(sys.argv) > 3 else None))
