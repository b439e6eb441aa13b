#!/usr/bin/env python3
"""Hivemind's P2P, unchanged, with a validatord as its daemon: what hivemind's own tests of a running daemon ask of it.

  python hivemind_p2p.py --hivemind FOLDER --program VALIDATORD --p2pd P2PD CASE [--server KIND] [--client KIND]

KIND is `validatord` or `p2pd`. Ends with {"event":"result","ok":...}; FOLDER holds PyPI's package (make setup).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import AsyncIterator

import bindings

HERE = pathlib.Path(__file__).parent
WAIT = 20

# A parent that starts us from a thread with blocked signals would make our daemons deaf to their SIGTERM.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])


def emit(event: str, **fields) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--hivemind", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--p2pd", required=True)
    parser.add_argument("--server", default="validatord")
    parser.add_argument("--client", default="validatord")
    parser.add_argument("--control", help="for a worker: the control socket of its node")
    return parser.parse_args()


OPTIONS = arguments()
os.environ["VALIDATORD"], os.environ["VALIDATORD_P2PD"] = OPTIONS.program, OPTIONS.p2pd
bindings.load(OPTIONS.hivemind, str(HERE / "daemon"))
from hivemind.p2p import P2P, P2PContext, P2PDaemonError, P2PHandlerError, PeerID, ServicerBase  # noqa: E402
from hivemind.p2p.p2p_daemon_bindings.utils import ControlFailure  # noqa: E402
from hivemind.proto import test_pb2  # noqa: E402
from hivemind.utils.multiaddr import Multiaddr  # noqa: E402

Request, Response = test_pb2.TestRequest, test_pb2.TestResponse
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


async def node(kind: str, **options) -> P2P:
    os.environ["CONTROL_DAEMON"] = kind
    quiet = {"auto_nat": False, "nat_port_map": False, "use_relay": False, "check_if_identity_free": False}
    return await P2P.create(**quiet, startup_timeout=60, **options)


@contextlib.asynccontextmanager
async def pair():
    """A node that serves and one that calls it."""
    server = await node(OPTIONS.server)
    client = await node(OPTIONS.client, initial_peers=await server.get_visible_maddrs())
    try:
        await client.wait_for_at_least_n_peers(1, attempts=WAIT)
        yield server, client
    finally:
        await client.shutdown()
        await server.shutdown()


@contextlib.contextmanager
def raises(*kinds, words: str = ""):
    try:
        yield
    except kinds as error:
        assert words in str(error), f"{error!r} does not say {words!r}"
        return
    raise AssertionError(f"none of {[kind.__name__ for kind in kinds]} was raised")


async def eventually(condition) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


async def square(request: Request, context: P2PContext) -> Response:
    if request.number < 0:
        raise ValueError("boom")
    return Response(number=request.number**2)


async def call(client: P2P, server: P2P, name: str, number: int) -> int:
    return (await client.call_protobuf_handler(server.peer_id, name, Request(number=number), Response)).number


# Unary calls


@case
async def unary():
    async with pair() as (server, client):
        seen = []

        async def handler(request, context):
            seen.append((context.handle_name, context.local_id, context.remote_id))
            return await square(request, context)

        await server.add_protobuf_handler("square", handler, Request)
        answers = await asyncio.gather(*(call(client, server, "square", number) for number in range(100)))
        assert answers == [number**2 for number in range(100)]
        assert set(seen) == {("square", server.peer_id, client.peer_id)}
        await server.remove_protobuf_handler("square")
        with raises(P2PDaemonError, words="protocols not supported"):
            await call(client, server, "square", 2)


@case
async def unary_errors():
    async with pair() as (server, client):
        await server.add_protobuf_handler("square", square, Request)
        with raises(P2PHandlerError, words="boom"):
            await call(client, server, "square", -1)
        assert await call(client, server, "square", 7) == 49
        with raises(P2PDaemonError, words="protocols not supported"):
            await call(client, server, "triangle", 1)
        stranger = PeerID.from_base58("12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk")
        with raises(P2PDaemonError):
            await client.call_protobuf_handler(stranger, "square", Request(number=1), Response)


@case
async def unary_edges():
    async with pair() as (server, client):
        replica = await P2P.replicate(server.daemon_listen_maddr)
        await server.add_protobuf_handler("square", square, Request)
        with raises(P2PDaemonError):
            await server.add_protobuf_handler("square", square, Request)
        with raises(P2PDaemonError, words="already set"):
            await replica.add_protobuf_handler("square", square, Request)
        with raises(P2PDaemonError):
            await call(replica, server, "square", 41)
        assert await call(client, server, "square", 3) == 9
        await replica.shutdown()


@case
async def unary_cancel():
    async with pair() as (server, client):
        for caller in (client, await P2P.replicate(client.daemon_listen_maddr)):
            events = []

            async def wait(request, context):
                events.append("began")
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    events.append("cancelled")
                    raise

            await server.add_protobuf_handler("wait", wait, Request)
            task = asyncio.create_task(call(caller, server, "wait", 1))
            await eventually(lambda: events)
            task.cancel()
            await eventually(lambda: events == ["began", "cancelled"])
            await server.remove_protobuf_handler("wait")


@case
async def unary_large():
    from hivemind.proto import runtime_pb2

    async with pair() as (server, client):

        async def mirror(request, context):
            return request

        await server.add_protobuf_handler("mirror", mirror, runtime_pb2.Tensor)
        for size in (0, 1, 65_536, 2 << 20, (4 << 20) - 1024):
            message = runtime_pb2.Tensor(buffer=os.urandom(size))
            answer = await client.call_protobuf_handler(server.peer_id, "mirror", message, runtime_pb2.Tensor)
            assert answer == message, size
        with raises(P2PDaemonError):
            message = runtime_pb2.Tensor(buffer=bytes((4 << 20) + 1))
            await client.call_protobuf_handler(server.peer_id, "mirror", message, runtime_pb2.Tensor)


# Streams


async def echo_blocks(_info, reader, writer):
    with contextlib.closing(writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await P2P.send_raw_data(await P2P.receive_raw_data(reader), writer)


@case
async def raw_streams():
    async with pair() as (server, client):
        await server.add_binary_stream_handler("echo", echo_blocks)
        info, reader, writer = await client.call_binary_stream_handler(server.peer_id, "echo")
        assert info.peer_id == server.peer_id and info.proto == "echo"
        with contextlib.closing(writer):
            for size in (0, 1, 1000, 1 << 20, 20 << 20):
                block = os.urandom(size)
                sending = asyncio.create_task(P2P.send_raw_data(block, writer))
                assert await P2P.receive_raw_data(reader) == block
                await sending
        with raises(ControlFailure, words="protocols not supported"):
            await client.call_binary_stream_handler(server.peer_id, "none")


@case
async def stream_errors():
    async def fail(_info, reader, writer):
        with contextlib.closing(writer):
            if await P2P.receive_raw_data(reader) == b"fail":
                raise RuntimeError("the handler fails")
            await P2P.send_raw_data(b"fine", writer)

    async with pair() as (server, client):
        await server.add_binary_stream_handler("fail", fail)
        for _ in range(3):
            _, reader, writer = await client.call_binary_stream_handler(server.peer_id, "fail")
            with contextlib.closing(writer), raises(asyncio.IncompleteReadError):
                await P2P.send_raw_data(b"fail", writer)
                await P2P.receive_raw_data(reader)
            _, reader, writer = await client.call_binary_stream_handler(server.peer_id, "fail")
            with contextlib.closing(writer):
                await P2P.send_raw_data(b"behave", writer)
                assert await P2P.receive_raw_data(reader) == b"fine"


@case
async def replicas():
    async def name(_info, reader, writer, text: bytes):
        with contextlib.closing(writer):
            await P2P.send_raw_data(text, writer)

    async with pair() as (server, client):
        first, second = [await P2P.replicate(server.daemon_listen_maddr) for _ in range(2)]
        assert first.peer_id == second.peer_id == server.peer_id
        for p2p, text in ((server, "primary"), (first, "first"), (second, "second")):
            await p2p.add_binary_stream_handler(text, lambda i, r, w, text=text: name(i, r, w, text.encode()))
        for text in ("primary", "first", "second"):
            _, reader, writer = await client.call_binary_stream_handler(server.peer_id, text)
            with contextlib.closing(writer):
                assert await P2P.receive_raw_data(reader) == text.encode()
        await first.shutdown()
        await second.shutdown()
        await asyncio.sleep(0.5)
        for text in ("first", "second"):
            with raises(asyncio.IncompleteReadError, ControlFailure):
                _, reader, writer = await client.call_binary_stream_handler(server.peer_id, text)
                with contextlib.closing(writer):
                    await P2P.receive_raw_data(reader)
        _, reader, writer = await client.call_binary_stream_handler(server.peer_id, "primary")
        with contextlib.closing(writer):
            assert await P2P.receive_raw_data(reader) == b"primary"


# Servicers


class Numbers(ServicerBase):
    def __init__(self):
        self.events = []

    async def rpc_square(self, request: Request, context: P2PContext) -> Response:
        return Response(number=request.number**2)

    async def rpc_sum(self, stream: AsyncIterator[Request], context: P2PContext) -> Response:
        return Response(number=sum([item.number async for item in stream]))

    async def rpc_count(self, request: Request, context: P2PContext) -> AsyncIterator[Response]:
        for number in range(request.number):
            yield Response(number=number)

    async def rpc_powers(
        self, stream: AsyncIterator[Request], context: P2PContext
    ) -> AsyncIterator[Response]:
        async for item in stream:
            yield Response(number=item.number**2)
            yield Response(number=item.number**3)

    async def rpc_fail(self, request: Request, context: P2PContext) -> AsyncIterator[Response]:
        yield Response(number=1)
        raise ValueError("boom")

    async def rpc_wait(self, request: Request, context: P2PContext) -> AsyncIterator[Response]:
        try:
            yield Response(number=request.number + 1)
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise


async def numbers(count: int):
    for number in range(count):
        yield Request(number=number)


@case
async def servicers():
    async with pair() as (server, client):
        servicer = Numbers()
        await servicer.add_p2p_handlers(server)
        stub = Numbers.get_stub(client, server.peer_id)
        assert (await stub.rpc_square(Request(number=10))).number == 100
        assert (await stub.rpc_sum(numbers(10))).number == 45
        counted = await stub.rpc_count(Request(number=1000))
        assert [item.number async for item in counted] == list(range(1000))
        powers = await stub.rpc_powers(numbers(10))
        expected = [power for number in range(10) for power in (number**2, number**3)]
        assert [item.number async for item in powers] == expected
        failing = await stub.rpc_fail(Request(number=1))
        with raises(P2PHandlerError, words="boom"):
            async for _ in failing:
                pass


async def fetch(stub, method: str) -> list[int]:
    """The answer to one call of a method of `Numbers`, whatever its kind."""
    given = numbers(3) if method in ("rpc_sum", "rpc_powers") else Request(number=3)
    answer = await getattr(stub, method)(given)
    return [answer.number] if isinstance(answer, Response) else [item.number async for item in answer]


@case
async def removing():
    """A servicer on the node, on a replica, on the node again: each time its handlers can be taken off."""
    expected = {"rpc_square": [9], "rpc_sum": [3], "rpc_count": [0, 1, 2], "rpc_powers": [0, 0, 1, 1, 4, 8]}
    async with pair() as (server, client):
        replica = await P2P.replicate(server.daemon_listen_maddr)
        stub = Numbers.get_stub(client, server.peer_id)
        for p2p in (server, replica, server):
            servicer = Numbers()
            await servicer.add_p2p_handlers(p2p)
            for method, answer in expected.items():
                assert await fetch(stub, method) == answer, method
            await servicer.remove_p2p_handlers(p2p)
            for method in expected:
                if method == "rpc_square" or "p2pd" not in (OPTIONS.server, OPTIONS.client):
                    with raises(P2PDaemonError, ControlFailure, words="protocols not supported"):
                        await fetch(stub, method)
                    continue
                # A p2pd begins a stream before it knows whether anybody serves it: that ends without an answer.
                answer = []
                with contextlib.suppress(P2PDaemonError, ControlFailure, ConnectionError, EOFError, ValueError):
                    answer = await fetch(stub, method)
                assert not answer, f"{method} is answered by nobody: {answer}"
        await replica.shutdown()


@case
async def stream_cancel():
    async with pair() as (server, client):
        servicer = Numbers()
        await servicer.add_p2p_handlers(server)
        _, reader, writer = await client.call_binary_stream_handler(server.peer_id, "Numbers.rpc_wait")
        await P2P.send_protobuf(Request(number=10), writer)
        await P2P.send_protobuf(P2P.END_OF_STREAM, writer)
        answer, _ = await P2P.receive_protobuf(Response, reader)
        assert answer.number == 11
        writer.close()
        await eventually(lambda: servicer.events == ["cancelled"])
        responses = await Numbers.get_stub(client, server.peer_id).rpc_wait(Request(number=1))
        async for item in responses:
            assert item.number == 2
            break
        await responses.aclose()
        await eventually(lambda: servicer.events == ["cancelled"] * 2)


# Workers: processes of their own behind one node


@contextlib.asynccontextmanager
async def workers(server: P2P, count: int):
    started = []
    for _ in range(count):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "worker", "--hivemind", OPTIONS.hivemind, "--program", OPTIONS.program,
            "--p2pd", OPTIONS.p2pd, "--control", str(server.daemon_listen_maddr), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(worker)
    try:
        for worker in started:
            assert json.loads(await worker.stdout.readline())["event"] == "ready"
        yield started
    finally:
        for worker in started:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()


class Shared(ServicerBase):
    async def rpc_who(self, request: Request, context: P2PContext) -> Response:
        return Response(number=os.getpid())

    async def rpc_whose(self, request: Request, context: P2PContext) -> AsyncIterator[Response]:
        yield Response(number=os.getpid())
        await asyncio.sleep(request.number)
        yield Response(number=os.getpid())


async def worker() -> None:
    p2p = await P2P.replicate(Multiaddr(OPTIONS.control))
    await Shared().add_p2p_handlers(p2p, balanced=True)
    emit("ready", peer=str(p2p.peer_id))
    await asyncio.Future()


@case
async def balancing():
    async with pair() as (server, client), workers(server, 2) as processes:
        pids = {process.pid for process in processes}
        stub = Shared.get_stub(client, server.peer_id)
        unary = [(await stub.rpc_who(Request(number=0))).number for _ in range(10)]
        assert {pid: unary.count(pid) for pid in pids} == dict.fromkeys(pids, 5), unary
        streams = []
        for _ in range(10):
            streams.append([item.number async for item in await stub.rpc_whose(Request(number=0))])
        assert all(len(stream) == 2 for stream in streams)
        assert {pid: streams.count([pid, pid]) for pid in pids} == dict.fromkeys(pids, 5), streams


@case
async def killed_worker():
    async with pair() as (server, client), workers(server, 2) as processes:
        stub = Shared.get_stub(client, server.peer_id)
        stream = await stub.rpc_whose(Request(number=600))
        victim = (await stream.__anext__()).number
        os.kill(victim, signal.SIGKILL)
        left = []
        # The node aborts the stream; which way the caller's daemon tells it is not this test's matter.
        with contextlib.suppress(ConnectionError, P2PHandlerError):
            left = [item async for item in stream]
        assert not left, "a dead worker answered"
        survivor = ({process.pid for process in processes} - {victim}).pop()
        await asyncio.sleep(0.5)
        for _ in range(6):
            assert (await stub.rpc_who(Request(number=0))).number == survivor
            assert [item.number async for item in await stub.rpc_whose(Request(number=0))] == [survivor] * 2


# The bindings below


@case
async def peers():
    async with pair() as (server, client):
        control, far = client._client, server._client
        assert len({peer.peer_id for peer in await client.list_peers()}) == 1
        peer, addresses = await far.identify()
        assert peer == server.peer_id and addresses
        await control.connect(peer, addresses)
        await control.disconnect(peer)
        await asyncio.sleep(0.2)
        assert not await client.list_peers()
        await control.disconnect(peer)
        stranger = PeerID.from_base58("12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk")
        for wanted, where in ((stranger, addresses), (stranger, []), (stranger, [Multiaddr("/ip4/127.0.0.1/udp/0")])):
            with raises(ControlFailure):
                await control.connect(wanted, where)
        await control.connect(peer, addresses)
        await client.wait_for_at_least_n_peers(1)


@case
async def identities():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "identity")
        first = await node(OPTIONS.server, identity_path=path)
        peer = first.peer_id
        await first.shutdown()
        again = await node(OPTIONS.client, identity_path=path)
        assert again.peer_id == peer
        replica = await P2P.replicate(again.daemon_listen_maddr)
        assert replica.peer_id == peer
        await replica.shutdown()
        assert (await again._client.identify())[0] == peer
        await again.shutdown()


@case
async def documented():
    """The example of docs/control-socket.md as a worker of the server."""
    page = (HERE.parents[2] / "docs" / "control-socket.md").read_text()
    source = page.split("```python\n")[1].split("```")[0]
    async with pair() as (server, client):
        source = source.replace("/unix/tmp/validatord-control.sock", str(server.daemon_listen_maddr))
        program = f"import sys; sys.path.insert(0, {str(HERE)!r}); import bindings\n"
        program += f"bindings.load({OPTIONS.hivemind!r}, {str(HERE / 'daemon')!r})\n{source}"
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-c", program, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert (await worker.stdout.readline()).decode().strip() == f"serving as {server.peer_id}"
            assert await call(client, server, "Example.rpc_square", 12) == 144
            assert (await worker.stdout.readline()).decode().strip() == f"{client.peer_id} asks"
        finally:
            worker.kill()
            await worker.wait()


# What the example of docs/workers.md leaves to its reader.
MODEL = """
import tensor_pb2

class my_model:
    async def generate(prompt, count):
        for token in range(count):
            yield len(prompt.buffer) + token

def serialize(token):
    return tensor_pb2.Tensor(buffer=bytes([token]))
"""


@case
async def documented_worker():
    """The example of docs/workers.md as a worker that its node invites, with messages made as the page says."""
    root = HERE.parents[2]
    page = (root / "docs" / "workers.md").read_text()
    source = page.split("```python\n")[1].split("```")[0]
    words = page.split("```sh\nprotoc ")[1].split("\n")[0].split()
    with tempfile.TemporaryDirectory() as folder:
        assert words[1] == "--python_out=.", words
        words[1] = f"--python_out={folder}"
        subprocess.run(["protoc", *words], cwd=root, check=True)
        sys.path.insert(0, folder)
        import inference_pb2

        program = f"import sys; sys.path[:0] = [{str(HERE)!r}, {folder!r}]; import bindings\n"
        program += f"bindings.load({OPTIONS.hivemind!r}, {str(HERE / 'daemon')!r})\n{MODEL}\n{source}"
        async with pair() as (server, client):
            pipe, end = socket.socketpair()
            invitation = {
                "VALIDATORD_CONTROL": str(server.daemon_listen_maddr),
                "VALIDATORD_NAMESPACE": "worker_1",
                "VALIDATORD_PIPE": str(end.fileno()),
            }
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, env=os.environ | invitation, pass_fds=[end.fileno()]
            )
            end.close()
            try:
                reader, writer = await asyncio.open_connection(sock=pipe)
                assert json.loads(await reader.readline()) == {"ready": {}}
                request = inference_pb2.InferenceRequestAuth(max_new_tokens=3)
                request.tensor.buffer = b"prompt"
                answers = await client.iterate_protobuf_handler(
                    server.peer_id,
                    "worker_1::InferenceProtocol.rpc_inference_stream",
                    request,
                    inference_pb2.InferenceResponseAuth,
                )
                assert [answer.tensors[0].buffer async for answer in answers] == [b"\x06", b"\x07", b"\x08"]
                writer.write(b"\n")
                assert await asyncio.wait_for(worker.wait(), WAIT) == 0
            finally:
                if worker.returncode is None:
                    worker.kill()
                    await worker.wait()


async def main() -> int:
    if OPTIONS.case == "worker":
        await worker()
    try:
        await asyncio.wait_for(CASES[OPTIONS.case](), 100)
        emit("result", ok=True)
        return 0
    except BaseException as error:  # noqa: BLE001
        emit("result", ok=False, error=f"{type(error).__name__}: {error}")
        if os.environ.get("TRACE"):
            raise
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
