#!/usr/bin/env python3
"""Frames of the control protocol as hivemind 1.1.12 writes them:  python generate.py HIVEMIND > frames.json

HIVEMIND is the folder with PyPI's package; `make setup` puts it into .venv/hivemind.
"""

from __future__ import annotations

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Interop" / "control"))
import bindings  # noqa: E402

bindings.load(sys.argv[1])
from hivemind.proto import p2pd_pb2 as pb  # noqa: E402
from hivemind.utils.multiaddr import Multiaddr  # noqa: E402
from hivemind.p2p import PeerID  # noqa: E402

PEER = PeerID.from_base58("12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk").to_bytes()
ADDRESS = Multiaddr("/ip4/127.0.0.1/tcp/4001").to_bytes()
LISTENER = Multiaddr("/unix/tmp/client.sock").to_bytes()
CALL = bytes(range(16))
R, P, Q = pb.Request, pb.PersistentConnectionRequest, pb.PersistentConnectionResponse

REQUESTS = {
    "identify": R(type=R.IDENTIFY),
    "connect": R(type=R.CONNECT, connect=pb.ConnectRequest(peer=PEER, addrs=[ADDRESS], timeout=7)),
    "disconnect": R(type=R.DISCONNECT, disconnect=pb.DisconnectRequest(peer=PEER)),
    "listPeers": R(type=R.LIST_PEERS),
    "openStream": R(type=R.STREAM_OPEN, streamOpen=pb.StreamOpenRequest(peer=PEER, proto=["a", "b"])),
    "handle": R(
        type=R.STREAM_HANDLER, streamHandler=pb.StreamHandlerRequest(addr=LISTENER, proto=["a"], balanced=True)
    ),
    "stopHandling": R(
        type=R.REMOVE_STREAM_HANDLER, removeStreamHandler=pb.RemoveStreamHandlerRequest(addr=LISTENER, proto=["a"])
    ),
    "findPeer": R(type=R.DHT, dht=pb.DHTRequest(type=pb.DHTRequest.FIND_PEER, peer=PEER)),
    "closestPeers": R(type=R.DHT, dht=pb.DHTRequest(type=pb.DHTRequest.GET_CLOSEST_PEERS, key=b"key")),
    "publicKey": R(type=R.DHT, dht=pb.DHTRequest(type=pb.DHTRequest.GET_PUBLIC_KEY, peer=PEER)),
    "putValue": R(type=R.DHT, dht=pb.DHTRequest(type=pb.DHTRequest.PUT_VALUE, key=b"k", value=b"v")),
    "pubsub": R(type=R.PUBSUB, pubsub=pb.PSRequest(type=pb.PSRequest.GET_TOPICS)),
    "connectionManager": R(type=R.CONNMANAGER, connManager=pb.ConnManagerRequest(type=pb.ConnManagerRequest.TRIM)),
    "upgrade": R(type=R.PERSISTENT_CONN_UPGRADE),
    "connectWithoutParameters": R(type=R.CONNECT),
}
MESSAGES = {
    "addHandler": P(callId=CALL, addUnaryHandler=pb.AddUnaryHandlerRequest(proto="a", balanced=True)),
    "removeHandler": P(callId=CALL, removeUnaryHandler=pb.RemoveUnaryHandlerRequest(proto="a")),
    "call": P(callId=CALL, callUnary=pb.CallUnaryRequest(peer=PEER, proto="a", data=b"body")),
    "response": P(callId=CALL, unaryResponse=pb.CallUnaryResponse(response=b"body")),
    "failure": P(callId=CALL, unaryResponse=pb.CallUnaryResponse(error=b"ValueError('unlucky')")),
    "cancel": P(callId=CALL, cancel=pb.Cancel()),
}
ANSWERS = {
    "done": Q(callId=CALL),
    "call": Q(callId=CALL, requestHandling=pb.CallUnaryRequest(peer=PEER, proto="a", data=b"body")),
    "response": Q(callId=CALL, callUnaryResponse=pb.CallUnaryResponse(response=b"body")),
    "daemonError": Q(callId=CALL, daemonError=pb.DaemonError(message="EOF")),
    "cancel": Q(callId=CALL, cancel=pb.Cancel()),
}


def frame(message) -> str:
    body = message.SerializeToString()
    assert len(body) < 128
    return (bytes([len(body)]) + body).hex()


parts = {"requests": REQUESTS, "messages": MESSAGES, "answers": ANSWERS}
out = {part: {name: frame(message) for name, message in group.items()} for part, group in parts.items()}
print(json.dumps({"peer": PEER.hex(), "callID": CALL.hex(), **out}, indent=1))
