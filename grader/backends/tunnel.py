"""The grader's way into one sandbox: loopback ports in front of the kernel, and a way out to the endpoints.

All that comes through the pipe is the student's word: it is counted, capped, and at the first sign of garbage nothing
more is read.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from functools import partial
from signal import Signals
from typing import TYPE_CHECKING, Any

from grader.backends.protocol import Address, Connection, Ended
from grader.backends.sandbox_agent import CHANNELS
from grader.backends.stream import ProtocolError, Stream, bridge, hang_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grader.backends.pipe import Pipe

LOOPBACK = "127.0.0.1"
MAX_ANSWER = 64 * 1024
"""Most bytes of one of the agent's answers, a file's content aside."""
OWN_SECONDS = 10
"""How long what needs no answer from inside may take."""


class Tunnel:
    """One sandbox's part of a pipe."""

    def __init__(self, pipe: Pipe, endpoints: Mapping[str, Address], output_cap: int, sandbox: str = "") -> None:
        """`output_cap` is the most bytes that the kernel may send in all, as they are on the wire.

        `sandbox` names it where the agent knows several, one after the other.
        """
        self.key = secrets.token_hex(32)
        self._pipe, self._endpoints, self._output_left = pipe, endpoints, output_cap
        self._tag = {"sandbox": sandbox} if sandbox else {}
        self._ended: Ended | None = None
        self._joined: dict[Stream, asyncio.Task[Any] | None] = {}
        """Streams that are joined to a socket now, and the tasks that copy."""
        self._watcher: asyncio.Task[None] | None = None
        self._sandbox = sandbox
        self._listeners: list[asyncio.Server] = []
        self._ports: dict[str, int] = {}
        pipe.call(self._listen(), OWN_SECONDS)

    @property
    def ended(self) -> Ended | None:
        """Why the kernel or the pipe ended, once known. A pipe that just ended gives no reason."""
        return self._ended or (Ended("exited", self._pipe.garbage) if self._pipe.garbage else None)

    @property
    def alive(self) -> bool:
        """Whether the pipe is open."""
        return self._pipe.alive

    @property
    def connection(self) -> Connection:
        """Where the kernel's channels are on this machine."""
        return Connection(host=LOOPBACK, key=self.key.encode(), **self._ports)

    def start(
        self,
        files: Mapping[str, bytes],
        variables: Mapping[str, str],
        endpoints: Mapping[str, int],
        seconds: float,
        **more: Any,
    ) -> str | None:
        """Have the kernel started; return what went wrong, if anything. Raises ConnectionError, TimeoutError.

        `endpoints` are the ports inside, by name; `more` is what else this agent wants to know.
        """
        order = {
            "files": [[path, len(content)] for path, content in files.items()],
            "variables": dict(variables),
            "endpoints": dict(endpoints),
            "key": self.key,
            **more,
        }

        async def give() -> str | None:
            async with await self._open("start") as stream:
                # Beside the answer, for an agent that gives up early reads no further.
                sending = asyncio.create_task(_send_order(stream, order, files.values()))
                answer = await answer_of(stream)
                sending.cancel()
            self._watcher = asyncio.create_task(self._watch())
            error = answer.get("error")
            return None if error is None else str(error)

        return self._pipe.call(give(), seconds)

    def interrupt(self, seconds: float) -> None:
        """Send SIGINT to the kernel's process group. Raises ConnectionError, TimeoutError."""
        self._pipe.call(self._ask("interrupt"), seconds)

    def read(self, path: str, cap: int, seconds: float) -> bytes:
        """As `Sandbox.read`; also raises ConnectionError, TimeoutError."""

        async def ask() -> bytes:
            async with await self._open("read", path=path, cap=cap) as stream:
                answer = await answer_of(stream)
                error = answer.get("error")
                if error == "missing":
                    raise FileNotFoundError(path)
                if error is not None:
                    raise ValueError(f"{path} can't be read: {error}")
                size = answer.get("size")
                if not isinstance(size, int) or not 0 <= size <= cap:
                    raise ProtocolError("a file longer than asked for")
                return await stream.read_exactly(size)

        return self._pipe.call(ask(), seconds)

    def erase(self, seconds: float) -> None:
        """Have the agent end the sandbox and all in it. Raises ConnectionError, TimeoutError."""
        self._pipe.call(self._ask("close"), seconds)

    def close(self) -> None:
        """Close the ports and drop the streams of this sandbox; the pipe stays. May be called twice."""
        with suppress(ConnectionError, TimeoutError):  # then the pipe has taken them with it
            self._pipe.call(self._shut(), OWN_SECONDS)

    def leave(self) -> None:
        """Close the ports; in the pipe's thread, which ends the streams itself."""
        for listener in self._listeners:
            listener.close()
        if self._watcher:
            self._watcher.cancel()

    async def _listen(self) -> None:
        self._pipe.users[self._sandbox] = self
        for name in CHANNELS:
            listener = await asyncio.start_server(partial(self._channel, name), LOOPBACK, 0)
            self._listeners.append(listener)
            self._ports[name] = listener.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        self._pipe.users.pop(self._sandbox, None)
        self.leave()
        tasks = [task for task in self._joined.values() if task]
        for stream in list(self._joined):
            await stream.reset()
        if tasks:
            await asyncio.wait(tasks)

    async def _open(self, action: str, **more: Any) -> Stream:
        return await self._pipe.open({"do": action, **more, **self._tag})

    async def _ask(self, action: str) -> dict[str, Any]:
        return await ask(self._pipe, {"do": action, **self._tag})

    async def accept(self, stream: Stream) -> None:
        """The one thing that the inside may ask for: a declared endpoint."""
        address = self._endpoints.get(str(stream.target.get("endpoint")))
        if address is None:
            await stream.reset()
            return
        reader, writer = await asyncio.open_connection(address.host, address.port)
        await self._join(stream, reader, writer)

    async def _channel(self, port: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            stream = await self._open("channel", port=port)
        except ConnectionError:
            hang_up(writer)
        else:
            await self._join(stream, reader, writer, self._count_output)

    async def _join(self, stream: Stream, *ends: Any) -> None:
        self._joined[stream] = asyncio.current_task()
        try:
            await bridge(stream, *ends)
        finally:
            del self._joined[stream]

    def _count_output(self, size: int) -> None:
        self._output_left -= size
        if self._output_left < 0:
            self._ended = self._ended or Ended("output", "the cells sent more than their limit allows")
            self._pipe.stop()

    async def _watch(self) -> None:
        """Learn from the agent that the kernel ended. A pipe that breaks before says nothing."""
        try:
            how, detail = _explain(await self._ask("wait"))
        except (ConnectionError, ProtocolError):
            return
        for listener in self._listeners:
            listener.close()
        self._ended = self._ended or Ended(how, detail)


async def ask(pipe: Pipe, target: dict[str, Any]) -> dict[str, Any]:
    """What the agent answers to `target`; nothing of the question stays open. Raises ProtocolError, ConnectionError."""
    async with await pipe.open(target) as stream:
        return await answer_of(stream)


async def answer_of(stream: Stream) -> dict[str, Any]:
    """An agent's answer. Raises ProtocolError, ConnectionError."""
    answer = await stream.read_json(MAX_ANSWER)
    if not isinstance(answer, dict):
        raise ProtocolError("an answer that is no object")
    return answer


async def _send_order(stream: Stream, order: dict[str, Any], contents: Iterable[bytes]) -> None:
    with suppress(ConnectionError):  # then the answer says why
        await stream.write_json(order)
        for content in contents:
            await stream.write(content)


def _explain(answer: dict[str, Any]) -> tuple[Any, str]:
    status, errors = answer.get("status"), str(answer.get("errors", "")).strip()
    if answer.get("out_of_memory") is True:
        return "out_of_memory", "the kernel was killed at the memory limit"
    if answer.get("lost") is True:
        return "vanished", "the sandbox's first process was taken away from outside"
    return "exited", explain_status(status, errors)


def explain_status(status: object, errors: str = "") -> str:
    """A kernel's exit status (negative: a signal) as a sentence, with the last line of what it printed."""
    if isinstance(status, int) and -status in set(Signals):
        text = f"the kernel's process was ended by {Signals(-status).name}"
    else:
        text = f"the kernel's process ended with status {status}"
    return f"{text}: {errors.splitlines()[-1]}" if errors else text
