"""A worker without any library: what docs/workers.md asks of one, and every way in which one can fail at it.

    worker.py [--behave HOW] [--vocabulary N]

Continues a prompt by the sum of all ids so far, modulo the vocabulary. `--behave`:
    well      as it should
    crash     kills itself with SIGKILL after the second token
    exit      ends with code 3 after the second token
    hang      brings nothing after the second token
    slow      takes half a second for each token
    dtype     sends floats
    pair      sends two ids for one token
    foreign   sends an id that its vocabulary has not
    garbage   sends bytes that are no message
    endless   sends tokens without end
    short     ends the answer after two tokens
    raise     reports an error after the second token
    caller    sends the bytes of the caller's peer id, from the last one on
"""

import argparse
import json
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

STREAM_HANDLER = 3
UNIX = 400


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    at = 0

    def take_varint():
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(message):
        key = take_varint()
        if key & 7 == 0:
            yield key >> 3, take_varint()
        elif key & 7 == 2:
            length = take_varint()
            yield key >> 3, message[at : at + length]
            at += length
        else:
            size = {1: 8, 5: 4}[key & 7]
            yield key >> 3, message[at : at + size]
            at += size


def exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def framed(connection):
    length = shift = 0
    while True:
        byte = exactly(connection, 1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return exactly(connection, length)


def record(message, mark=0):
    return struct.pack(">BQ", mark, len(message)) + message


def tensor(ids, dtype="int64", code="q"):
    packed = struct.pack(f"<{len(ids)}{code}", *ids)
    return field(1, packed) + field(2, varint(len(ids))) + field(4, dtype.encode())


def response(*tensors):
    return b"".join(field(5, one) for one in tensors)


class Worker:
    def __init__(self, how, vocabulary):
        self.how = how
        self.vocabulary = vocabulary

    def answer(self, connection):
        caller = dict(fields(framed(connection)))[1]
        (mark, length) = struct.unpack(">BQ", exactly(connection, 9))
        request = dict(fields(exactly(connection, length)))
        assert mark == 0 and exactly(connection, 9) == record(b"", 1), "one request, then the end of input"
        prompt = dict(fields(request[6]))
        assert prompt[4] == b"int64"
        ids = [one for (one,) in struct.iter_unpack("<q", prompt[1])]
        for number in range(request[5] if self.how != "endless" else 10**9):
            if number == 2:
                if self.how == "crash":
                    os.kill(os.getpid(), signal.SIGKILL)
                if self.how == "exit":
                    os._exit(3)
                if self.how == "hang":
                    time.sleep(10**6)
                if self.how == "short":
                    return
                if self.how == "raise":
                    connection.sendall(record(field(1, b"out of memory"), 1))
                    return
            if self.how == "slow":
                time.sleep(0.5)
            token = caller[-1 - number] if self.how == "caller" else sum(ids) % self.vocabulary
            ids.append(token)
            message = response(tensor([token]))
            if number == 1:
                message = {
                    "dtype": lambda: response(tensor([1.5], "float32", "f")),
                    "pair": lambda: response(tensor([1, 2])),
                    "foreign": lambda: response(tensor([self.vocabulary])),
                    "garbage": lambda: b"\xff" * 40,
                }.get(self.how, lambda: message)()
            connection.sendall(record(message))

    def serve(self, connection):
        try:
            self.answer(connection)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            print("the caller has gone", file=sys.stderr, flush=True)
        finally:
            connection.close()

    def register(self, name):
        path = os.path.join(tempfile.mkdtemp(), "worker.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(512)
        address = varint(UNIX) + varint(len(path)) + path.encode()
        handler = field(1, address) + field(2, name.encode()) + field(3, 0)
        request = field(1, STREAM_HANDLER) + field(4, handler)
        control = socket.socket(socket.AF_UNIX)
        control.connect(os.environ["VALIDATORD_CONTROL"].removeprefix("/unix"))
        control.sendall(varint(len(request)) + request)
        answer = dict(fields(framed(control)))
        assert answer[1] == 0, answer
        return listener, control

    def run(self):
        pipe = socket.socket(fileno=int(os.environ["VALIDATORD_PIPE"]))
        namespace = os.environ["VALIDATORD_NAMESPACE"]
        listener, control = self.register(f"{namespace}::InferenceProtocol.rpc_inference_stream")

        def accept():
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        ready = {"model": "sums", "vocabulary": self.vocabulary, "context": 1 << 16}
        pipe.sendall(json.dumps({"ready": ready}).encode() + b"\n")
        pipe.recv(1)  # A byte, or the end: to stop.
        control.close()
        os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--behave", default="well")
    parser.add_argument("--vocabulary", type=int, default=1000)
    arguments = parser.parse_args()
    Worker(arguments.behave, arguments.vocabulary).run()
