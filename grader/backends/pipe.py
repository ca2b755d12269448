"""The grader's end of a pipe to an agent: a thread that carries its streams and puts questions to it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from grader.backends.stream import Multiplexer, ProtocolError, Stream

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class PipeUser(Protocol):
    """One sandbox's interest in a pipe."""

    async def accept(self, stream: Stream) -> None:
        """Serve a stream that the other side opened for this sandbox."""

    def leave(self) -> None:
        """The pipe ends: let go of what was opened in its thread."""


class Pipe:
    """Serves one pair of byte streams (a container's standard input and output) until they end or `close` is called."""

    def __init__(self, connection: socket.socket, over: Callable[[], None] = lambda: None) -> None:
        """`over` is called once, from the pipe's thread, when nothing more will be read."""
        self.garbage = ""
        """What came that our agent never sends, if anything did: nothing after it was read."""
        self.users: dict[str, PipeUser] = {}
        """Who this pipe serves, by the name of the sandbox."""
        self._connection, self._over = connection, over
        self._up: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="tunnel", daemon=True)
        self._thread.start()
        self._up.result()

    @property
    def alive(self) -> bool:
        """Whether the pipe is open."""
        return self._thread.is_alive() and not self._stop.is_set()

    async def open(self, target: dict[str, Any]) -> Stream:
        """A new stream; to be awaited in the pipe's own thread. Raises ConnectionError."""
        return await self._mux.open(target)

    def call(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run it in the pipe's thread. Raises ConnectionError when the pipe ends before, TimeoutError."""
        if not self.alive:
            work.close()
            raise ConnectionResetError("the pipe is closed")
        future = asyncio.run_coroutine_threadsafe(self._until_stop(work, seconds), self._loop)
        try:
            # The second limit holds if the thread ended just now and the question was never put.
            return future.result(2 * seconds)
        except ProtocolError as error:
            self._break(error)
            raise ConnectionResetError(str(error)) from error
        except CancelledError as error:
            raise ConnectionResetError("the pipe is closed") from error

    def stop(self) -> None:
        """Have the thread end soon. From any thread."""
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._stop.set)

    def close(self) -> None:
        """End the thread and everything it holds. May be called twice."""
        self.stop()
        if threading.current_thread() is not self._thread:
            self._thread.join()

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
            self._connection.close()
            if not self._up.done():
                self._up.set_exception(ConnectionResetError("the pipe could not be opened"))
            self._over()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        reader, writer = await asyncio.open_connection(sock=self._connection)
        self._mux = Multiplexer(reader, writer, self._accept, first=1)
        self._up.set_result(None)
        work = asyncio.create_task(self._read_frames())
        await self._stop.wait()
        for user in self.users.values():
            user.leave()
        work.cancel()
        await asyncio.wait({work})
        writer.transport.abort()

    async def _read_frames(self) -> None:
        try:
            await self._mux.run()
        except ProtocolError as error:
            self._break(error)
        finally:
            self._stop.set()

    async def _accept(self, stream: Stream) -> None:
        user = self.users.get(str(stream.target.get("sandbox", "")))
        if user:
            await user.accept(stream)
        else:
            await stream.reset()

    def _break(self, error: ProtocolError) -> None:
        self.garbage = self.garbage or f"what came was not sent by our agent: {error}"
        self.stop()
