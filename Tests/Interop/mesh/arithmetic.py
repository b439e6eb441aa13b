"""The mesh's call framing (unary envelopes, stream records) and a servicer `Arithmetic`, over any stream that has
`read_exact(count)`, `write(bytes)`, `close()` (a FIN) and `reset()`; read_exact raises EOFError at the end.

p2pd_rpc.py and py_rpc.py bring the streams. Messages are {1: number}; 13 is unlucky, 21 breaks off.
"""

from __future__ import annotations

import secrets

from p2pd_peer import emit, field, parse, varint

CLASS = "Arithmetic"
UNARY = ("rpc_square", "rpc_big", "rpc_forever")  # what is served here
STREAMS = ("rpc_count_to", "rpc_sum", "rpc_powers", "rpc_ticks")
END = b"\x01" + bytes(8)


class Unlucky(ValueError):
    pass


class BreakOff(Exception):
    pass


def message(number: int) -> bytes:
    return field(1, number) if number else b""


def number(body: bytes) -> int:
    return parse(body).get(1, [0])[0]


def record(marker: int, body: bytes) -> bytes:
    return bytes([marker]) + len(body).to_bytes(8, "big") + body


async def read_record(stream) -> tuple[int, bytes] | None:
    """Marker and body, or None at a FIN between records."""
    try:
        marker = await stream.read_exact(1)
    except EOFError:
        return None
    length = int.from_bytes(await stream.read_exact(8), "big")
    return marker[0], await stream.read_exact(length)


async def read_delimited(stream) -> bytes:
    length = shift = 0
    while True:
        byte = (await stream.read_exact(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return await stream.read_exact(length)


# What a servicer does.


def lucky(value: int) -> int:
    if value == 13:
        raise Unlucky("unlucky")
    return value


def square(body: bytes) -> bytes:
    return message(lucky(number(body)) ** 2)


def big(body: bytes) -> bytes:
    return field(3, bytes(number(body)))


async def wait_for_caller(stream) -> None:
    """Waits until the caller gives up, which is all that some calls are for."""
    try:
        await stream.read_exact(1)
    except Exception:  # noqa: BLE001 -- a FIN or a reset, whatever the library makes of it
        pass
    emit("cancelled")


async def serve_unary(stream, protocol: str) -> None:
    fields = parse(await read_delimited(stream))
    call = parse(fields[3][0])
    assert len(fields[1][0]) == 16 and 1 in call and call[2][0].decode() == protocol, "not the mesh's envelope"
    method = protocol.split(".")[1]
    if method == "rpc_forever":
        emit("began")
        await wait_for_caller(stream)
        return
    try:
        answer = field(1, {"rpc_square": square, "rpc_big": big}[method](call[3][0]))
    except ValueError as error:
        answer = field(2, f"ValueError({str(error)!r})".encode())
    envelope = field(1, fields[1][0]) + field(4, answer)
    await stream.write(varint(len(envelope)) + envelope)
    await stream.close()


async def serve_stream(stream, protocol: str) -> None:
    async def requests():
        while (found := await read_record(stream)) and found[0] == 0:
            yield number(found[1])

    async def respond(value: int) -> None:
        await stream.write(record(0, message(value)))

    method = protocol.split(".")[1]
    try:
        if method == "rpc_sum":
            await respond(sum([lucky(value) async for value in requests()]))
        elif method == "rpc_powers":
            async for value in requests():
                await respond(lucky(value) ** 2)
                await respond(value**3)
        else:
            (value,) = [value async for value in requests()]
            for step in range(1, value + 1):
                await respond(step)
                if method == "rpc_ticks":
                    emit("began")
                    return await wait_for_caller(stream)
                if step == 3 and value == 21:
                    raise BreakOff
                if step == 3:
                    lucky(value)
        await stream.close()
    except Unlucky as error:
        await stream.write(record(1, field(1, str(error).encode())))
        await stream.close()
    except BreakOff:
        await stream.reset()


# What a caller asks.


async def call_unary(stream, method: str, body: bytes) -> bytes:
    """One call over a stream of its own; an error of the handler raises Unlucky."""
    call_id, protocol = secrets.token_bytes(16), f"{CLASS}.{method}".encode()
    envelope = field(1, call_id) + field(3, field(1, b"") + field(2, protocol) + field(3, body))
    await stream.write(varint(len(envelope)) + envelope)
    fields = parse(await read_delimited(stream))
    assert fields[1][0] == call_id, "the call id is another"
    answer = parse(fields[4][0])
    if 2 in answer:
        raise Unlucky(answer[2][0].decode())
    return answer[1][0]


async def responses(stream) -> tuple[list[int], str | None]:
    """All numbers until the FIN or the failure, and the failure's text."""
    found = []
    while (next_record := await read_record(stream)) is not None:
        marker, body = next_record
        if marker:
            return found, parse(body)[1][0].decode()
        found.append(number(body))
    return found, None


async def exercise(open_stream, unary) -> None:
    """Calls a servicer of the other side. `open_stream(method)` gives a stream, `unary(method, body)` an answer."""
    assert number(await unary("rpc_square", message(5))) == 25, "square"
    assert number(await unary("rpc_square", b"")) == 0, "square of nothing"
    assert len(parse(await unary("rpc_big", message(1_000_000)))[3][0]) == 1_000_000, "big"
    try:
        await unary("rpc_square", message(13))
        raise AssertionError("13 passed")
    except Unlucky as error:
        assert str(error) == "ValueError('unlucky')", error
    try:
        await unary("rpc_big", message(4_194_304))
        raise AssertionError("an answer above 4 MiB passed")
    except Unlucky as error:
        assert "too long" in str(error), error

    async def collect(method: str, *requests: int):
        stream = await open_stream(method)
        for value in requests:
            await stream.write(record(0, message(value)))
        await stream.write(END)
        found = await responses(stream)
        await stream.close()
        return found

    assert await collect("rpc_count_to", 4) == ([1, 2, 3, 4], None), "count"
    assert await collect("rpc_count_to", 2000) == (list(range(1, 2001)), None), "long count"
    assert await collect("rpc_count_to", 13) == ([1, 2, 3], "unlucky"), "error midway"
    assert await collect("rpc_sum", 1, 2, 3) == ([6], None), "sum"
    assert await collect("rpc_sum") == ([0], None), "sum of nothing"
    assert await collect("rpc_sum", 1, 13) == ([], "unlucky"), "error of a sum"
    found, error = await collect("rpc_count_to", 4, 5)
    assert not found and "exactly one request" in (error or ""), "two requests where one is expected"

    stream = await open_stream("rpc_powers")
    for value in range(1, 6):
        await stream.write(record(0, message(value)))
        assert number((await read_record(stream))[1]) == value**2, "power"
        assert number((await read_record(stream))[1]) == value**3, "power"
    await stream.write(END)
    assert await responses(stream) == ([], None), "end of powers"
    await stream.close()

    stream = await open_stream("rpc_ticks")
    await stream.write(record(0, message(1)) + END)
    assert number((await read_record(stream))[1]) == 1, "tick"
    await stream.close()  # a FIN of the caller takes the call back
