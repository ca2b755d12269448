"""The grader's end of the pipe against an inside that is not our agent."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from grader.backends.pipe import Pipe
from grader.backends.protocol import Ended
from grader.backends.stream import HEADER, NUMBER, Kind
from grader.backends.tunnel import Tunnel


class Inside:
    """A tunnel and the raw other end of its pipe."""

    def __init__(self, output_cap: int = 1_000_000) -> None:
        ours, self.raw = socket.socketpair()
        self.over = threading.Event()
        self.pipe = Pipe(ours, self.over.set)
        self.tunnel = Tunnel(self.pipe, {}, output_cap)

    def send(self, kind: Kind, number: int, payload: bytes = b"") -> None:
        self.raw.sendall(HEADER.pack(kind, number, len(payload)) + payload)

    def answer(self, number: int, value: object) -> None:
        text = json.dumps(value).encode()
        self.send(Kind.DATA, number, NUMBER.pack(len(text)) + text)

    def opened(self) -> dict[str, object]:
        """The target of the next stream that the tunnel opens."""
        while True:
            kind, _, length = HEADER.unpack(_exactly(self.raw, HEADER.size))
            payload = _exactly(self.raw, length)
            if kind == Kind.OPEN:
                target = json.loads(payload)
                assert isinstance(target, dict)
                return target


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part
        data += part
    return data


def test_garbage_ends_the_sandbox_as_its_own_doing() -> None:
    """What our agent never sends is an end of kind `exited`, told once, and every question then fails at once."""
    inside = Inside()
    inside.raw.sendall(b"garbage, garbage, garbage")
    assert inside.over.wait(60)
    assert (inside.tunnel.ended and inside.tunnel.ended.how, inside.tunnel.alive) == ("exited", False)
    with pytest.raises(ConnectionResetError):
        inside.tunnel.read("x", 10, 5)
    inside.pipe.close()


def test_a_cut_pipe_gives_no_reason() -> None:
    """Whether the container was removed or ended itself is not for the tunnel to say."""
    inside = Inside()
    inside.raw.close()
    assert inside.over.wait(60)
    assert inside.tunnel.ended is None
    inside.pipe.close()


@pytest.mark.parametrize("answer", [{"error": None, "size": 11}, {"error": None, "size": -1}, {"error": None}, []])
def test_an_answer_that_breaks_the_rules_ends_the_sandbox(answer: object) -> None:
    """A file longer than its cap, or no size at all, can't come from our agent."""
    inside = Inside()

    def reply() -> None:
        inside.opened()
        inside.answer(1, answer)

    with ThreadPoolExecutor() as pool, pytest.raises(ConnectionResetError):
        pool.submit(reply)
        inside.tunnel.read("x", 10, 5)
    assert inside.over.wait(60)
    assert inside.tunnel.ended is not None
    assert inside.tunnel.ended.how == "exited"
    inside.pipe.close()


def test_no_answer_is_a_timeout() -> None:
    """A silent inside costs the asked time and no more; closing is still at once."""
    inside = Inside()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        inside.tunnel.read("x", 10, 0.2)
    inside.pipe.close()
    assert time.monotonic() - began < 20


def test_only_declared_endpoints_can_be_named() -> None:
    """A stream to anything else is reset."""
    inside = Inside()
    inside.send(Kind.OPEN, 2, b'{"endpoint": "postgres"}')
    assert HEADER.unpack(_exactly(inside.raw, HEADER.size)) == (Kind.RESET, 2, 0)
    inside.pipe.close()


def test_output_beyond_the_cap_ends_the_sandbox() -> None:
    """The bytes on all of the kernel's channels together are counted."""
    inside = Inside(output_cap=100_000)
    with socket.create_connection(("127.0.0.1", inside.tunnel.connection.iopub_port)) as reader:
        assert inside.opened() == {"do": "channel", "port": "iopub_port"}
        for _ in range(3):
            inside.send(Kind.DATA, 1, bytes(40_000))
        with suppress(ConnectionResetError):
            while reader.recv(65_536):
                pass
    assert inside.over.wait(60)
    assert inside.tunnel.ended == Ended("output", "the cells sent more than their limit allows")
    inside.pipe.close()


def test_close_leaves_no_thread_and_no_listener() -> None:
    """After close the ports refuse and the thread is gone; a second close does nothing."""
    before = set(threading.enumerate())
    inside = Inside()
    port = inside.tunnel.connection.shell_port
    inside.pipe.close()
    inside.pipe.close()
    assert {thread.name for thread in set(threading.enumerate()) - before} == set()
    with socket.socket() as connection:
        assert connection.connect_ex(("127.0.0.1", port)) != 0
