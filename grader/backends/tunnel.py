"""The grader's end of the pipe into a sandbox: loopback ports in front of the kernel, and a way out to the endpoints.

It works over any pair of byte streams (a container's standard input and output, a pod's exec session). All that comes
through the pipe is the student's word: it is counted, capped, and at the first sign of garbage nothing more is read.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from signal import Signals
from typing import TYPE_CHECKING, Any, TypeVar

from grader.backends.protocol import Address, Connection, Ended
from grader.backends.sandbox_agent import CHANNELS
from grader.backends.stream import Multiplexer, ProtocolError, Stream, bridge, hang_up

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Iterable, Mapping

LOOPBACK = "127.0.0.1"
MAX_ANSWER = 64 * 1024
"""Most bytes of one of the agent's answers, a file's content aside."""
T = TypeVar("T")


class Tunnel:
    """Serves one sandbox in a thread of its own until the pipe ends or `close` is called."""

    def __init__(
        self, pipe: socket.socket, endpoints: Mapping[str, Address], output_cap: int, over: Callable[[], None]
    ) -> None:
        """`over` is called once, from the tunnel's thread, when nothing more will be read from the pipe.

        `output_cap` is the most bytes that the kernel may send in all, as they are on the wire.
        """
        self.ended: Ended | None = None
        """Why the kernel or the pipe ended, once known. A pipe that just ended gives no reason."""
        self.key = secrets.token_hex(32)
        self._pipe, self._endpoints, self._output_left, self._over = pipe, endpoints, output_cap, over
        self._ports: dict[str, int] = {}
        self._up: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="tunnel", daemon=True)
        self._thread.start()
        self._up.result()

    @property
    def alive(self) -> bool:
        """Whether the pipe is open."""
        return self._thread.is_alive() and not self._stop.is_set()

    @property
    def connection(self) -> Connection:
        """Where the kernel's channels are on this machine."""
        return Connection(host=LOOPBACK, key=self.key.encode(), **self._ports)

    def start(
        self, files: Mapping[str, bytes], variables: Mapping[str, str], endpoints: Mapping[str, int], seconds: float
    ) -> str | None:
        """Have the kernel started; return what went wrong, if anything. Raises ConnectionError, TimeoutError.

        `endpoints` are the ports inside, by name.
        """
        order = {
            "files": [[path, len(content)] for path, content in files.items()],
            "variables": dict(variables),
            "endpoints": dict(endpoints),
            "key": self.key,
        }

        async def give() -> str | None:
            stream = await self._mux.open({"do": "start"})
            # Beside the answer, for an agent that gives up early reads no further.
            sending = asyncio.create_task(_send_order(stream, order, files.values()))
            answer = await _answer(stream)
            sending.cancel()
            self._watcher = asyncio.create_task(self._watch())
            error = answer.get("error")
            return None if error is None else str(error)

        return self._call(give(), seconds)

    def interrupt(self, seconds: float) -> None:
        """Send SIGINT to the kernel's process group. Raises ConnectionError, TimeoutError."""

        async def ask() -> None:
            await _answer(await self._mux.open({"do": "interrupt"}))

        self._call(ask(), seconds)

    def read(self, path: str, cap: int, seconds: float) -> bytes:
        """As `Sandbox.read`; also raises ConnectionError, TimeoutError."""

        async def ask() -> bytes:
            stream = await self._mux.open({"do": "read", "path": path, "cap": cap})
            answer = await _answer(stream)
            error = answer.get("error")
            if error == "missing":
                raise FileNotFoundError(path)
            if error is not None:
                raise ValueError(f"{path} can't be read: {error}")
            size = answer.get("size")
            if not isinstance(size, int) or not 0 <= size <= cap:
                raise ProtocolError("a file longer than asked for")
            content = await stream.read_exactly(size)
            await stream.end()
            return content

        return self._call(ask(), seconds)

    def close(self) -> None:
        """End the thread and everything it holds. May be called twice."""
        self._stop_soon()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _call(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a question in the tunnel's thread."""
        if not self.alive:
            work.close()
            raise ConnectionResetError("the pipe is closed")
        future = asyncio.run_coroutine_threadsafe(self._until_stop(work, seconds), self._loop)
        try:
            # The second limit holds if the thread ended just now and the question was never put.
            return future.result(2 * seconds)
        except ProtocolError as error:
            self._end("exited", f"what answered was not our agent: {error}")
            raise ConnectionResetError(str(error)) from error
        except CancelledError as error:
            raise ConnectionResetError("the pipe is closed") from error

    async def _until_stop(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """The work's result, unless the pipe ends before it."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        done, _ = await asyncio.wait({task, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if task in done:
            return task.result()
        task.cancel()
        raise ConnectionResetError("the pipe is closed") if done else TimeoutError(f"no answer within {seconds:g} s")

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        finally:
            self._pipe.close()
            if not self._up.done():
                self._up.set_exception(ConnectionResetError("the tunnel could not be opened"))
            self._over()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        reader, writer = await asyncio.open_connection(sock=self._pipe)
        self._mux = Multiplexer(reader, writer, self._accept, first=1)
        self._listeners = [await asyncio.start_server(partial(self._channel, name), LOOPBACK, 0) for name in CHANNELS]
        ports = [listener.sockets[0].getsockname()[1] for listener in self._listeners]
        self._ports = dict(zip(CHANNELS, ports, strict=True))
        self._up.set_result(None)
        work = asyncio.create_task(self._read_frames())
        await self._stop.wait()
        for listener in self._listeners:
            listener.close()
        work.cancel()
        await asyncio.wait({work})
        writer.transport.abort()

    async def _read_frames(self) -> None:
        try:
            await self._mux.run()
        except ProtocolError as error:
            self._end("exited", f"the sandbox sent what our agent never sends: {error}")
        finally:
            self._stop.set()

    async def _accept(self, stream: Stream) -> None:
        """The one thing that the inside may ask for: a declared endpoint."""
        address = self._endpoints.get(str(stream.target.get("endpoint")))
        if address is None:
            await stream.reset()
            return
        reader, writer = await asyncio.open_connection(address.host, address.port)
        await bridge(stream, reader, writer)

    async def _channel(self, port: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            stream = await self._mux.open({"do": "channel", "port": port})
        except ConnectionError:
            hang_up(writer)
        else:
            await bridge(stream, reader, writer, self._count_output)

    def _count_output(self, size: int) -> None:
        self._output_left -= size
        if self._output_left < 0:
            self._end("output", "the cells sent more than their limit allows")

    async def _watch(self) -> None:
        """Learn from the agent that the kernel ended. A pipe that breaks before says nothing."""
        try:
            answer = await _answer(await self._mux.open({"do": "wait"}))
            how, detail = _explain(answer)
        except (ConnectionError, ProtocolError):
            return
        for listener in self._listeners:
            listener.close()
        self.ended = self.ended or Ended(how, detail)

    def _end(self, how: Any, detail: str) -> None:
        self.ended = self.ended or Ended(how, detail)
        self._stop_soon()

    def _stop_soon(self) -> None:
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._stop.set)


async def _send_order(stream: Stream, order: dict[str, Any], contents: Iterable[bytes]) -> None:
    with suppress(ConnectionError):  # then the answer says why
        await stream.write_json(order)
        for content in contents:
            await stream.write(content)


async def _answer(stream: Stream) -> dict[str, Any]:
    answer = await stream.read_json(MAX_ANSWER)
    if not isinstance(answer, dict):
        raise ProtocolError("an answer that is no object")
    return answer


def _explain(answer: dict[str, Any]) -> tuple[Any, str]:
    status, errors = answer.get("status"), str(answer.get("errors", "")).strip()
    if answer.get("out_of_memory") is True:
        return "out_of_memory", "the kernel was killed at the memory limit"
    if isinstance(status, int) and -status in set(Signals):
        text = f"the kernel's process was ended by {Signals(-status).name}"
    else:
        text = f"the kernel's process ended with status {status}"
    return "exited", f"{text}: {errors.splitlines()[-1]}" if errors else text
