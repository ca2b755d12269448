"""Process 1 of a host container: it starts the zygote, and carries bytes between the grader and the sandboxes' rooms.

It lives outside the sandbox, which can neither see nor signal it: what it says of an end is our own word. It keeps no
secret longer than it takes to hand it on, and the zygote, which the sandboxes are copies of, is another process.

The grader's streams, each but the first for a sandbox by name: `prepare` (answered when the zygote is ready) · `start`
(work files, variables, endpoints, limits) · `wait` (answered when the kernel ends) · `interrupt` · `read` (a file) ·
`channel` (one of the kernel's) · `close` (answered when nothing of it is left). It opens one kind: `endpoint`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from grader.backends.prepared import system, zygote
from grader.backends.prepared.preload import CannotPrepare
from grader.backends.prepared.room import Room
from grader.backends.sandbox_agent import killed_by_memory_limit, standard_streams
from grader.backends.stream import MAX_STREAMS, Multiplexer, Stream, bridge, hang_up
from grader.backends.work_folder import receive, send

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_ORDER = 4 * 1024 * 1024
SOCKET = "/tmp/zygote.sock"  # noqa: S108  # the container's own, which no sandbox sees
ANSWER_SECONDS = 60


class Keeper:
    """The host container's end of the pipe."""

    def __init__(self, ready: int) -> None:
        """`ready` is the end of a pipe on which the zygote tells that it serves, or why it can't."""
        self._ready = ready
        self._rooms: dict[str, Room] = {}
        self._killed_before = 0
        self._services: dict[str, Callable[[Room, Stream], Awaitable[None]]] = {
            "wait": self._wait,
            "interrupt": self._interrupt,
            "read": self._read,
            "channel": self._channel,
            "close": self._close,
        }

    async def run(self) -> None:
        """Serve until the grader hangs up."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, _reap)
        reader, writer = await standard_streams()
        self._pipe = Multiplexer(reader, writer, self._serve, first=2)
        await self._pipe.run()

    async def _serve(self, stream: Stream) -> None:
        action = stream.target["do"]
        if action == "prepare":
            await self._prepare(stream)
        elif action == "start":
            await self._start(stream)
        elif room := self._rooms.get(stream.target["sandbox"]):
            await self._services[action](room, stream)
        else:
            await stream.reset()

    async def _prepare(self, stream: Stream) -> None:
        reader = asyncio.StreamReader()
        pipe = os.fdopen(self._ready, "rb", buffering=0)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        text = await reader.read()
        await stream.write_json(json.loads(text) if text else {"error": "the zygote ended without a word"})
        await stream.end()

    async def _start(self, stream: Stream) -> None:
        order = await stream.read_json(MAX_ORDER)
        try:
            await asyncio.wait_for(self._open(stream, order), ANSWER_SECONDS)
        except (TimeoutError, OSError, ChildProcessError) as error:
            await stream.write_json({"error": f"{type(error).__name__}: {error}"})
        else:
            await stream.write_json({"error": None})
        await stream.end()

    async def _open(self, stream: Stream, order: dict[str, Any]) -> None:
        self._killed_before = killed_by_memory_limit()
        room = self._rooms[stream.target["sandbox"]] = Room(stream.target["sandbox"], SOCKET)
        endpoints = order.pop("endpoints")
        files = order.pop("files")
        variables = {"PATH": os.environ["PATH"], **order.pop("variables")}
        room.enter({**order, "variables": variables, "endpoints": list(endpoints.values())})
        await room.until("room")
        for name, listener in zip(endpoints, room.listeners, strict=True):
            listener.setblocking(False)
            accept = partial(self._forward, room, name)
            room.servers.append(await asyncio.start_server(accept, sock=listener, backlog=MAX_STREAMS))
        for path, size in files:
            await receive(stream, room.folder, path, size)
        await room.until("ready")

    async def _wait(self, room: Room, stream: Stream) -> None:
        told = await asyncio.shield(room.ended)
        status = told.get("status")
        killed = status in (None, -signal.SIGKILL) and killed_by_memory_limit() > self._killed_before
        await stream.write_json({"status": status, "out_of_memory": killed, "lost": status is None and not killed})
        await stream.end()

    async def _interrupt(self, room: Room, stream: Stream) -> None:
        room.interrupt()
        await stream.write_json({})
        await stream.end()

    async def _read(self, room: Room, stream: Stream) -> None:
        await send(stream, room.folder, stream.target["path"], stream.target["cap"])

    async def _channel(self, room: Room, stream: Stream) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(room.path(stream.target["port"]))
        except OSError:
            await stream.reset()
        else:
            await bridge(stream, reader, writer)

    async def _close(self, room: Room, stream: Stream) -> None:
        await room.close()
        del self._rooms[room.name]
        await stream.write_json({})
        await stream.end()

    async def _forward(self, room: Room, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._pipe.ours() >= MAX_STREAMS:
            hang_up(writer)
            return
        try:
            stream = await self._pipe.open({"endpoint": name, "sandbox": room.name})
        except ConnectionError:
            hang_up(writer)
        else:
            await bridge(stream, reader, writer)


def _reap() -> None:
    """Collect every process that ended: as process 1 this one inherits all orphans."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _be_zygote(settings: dict[str, Any], ready: int) -> None:
    """In a child of process 1."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    try:
        prepared = zygote.Zygote(settings)
        listener = zygote.listen(SOCKET)
    except CannotPrepare as why:
        zygote.report(ready, {"error": str(why)})
    else:
        zygote.report(ready, {"error": None, "seconds": prepared.seconds, "imported": prepared.imported})
        prepared.serve(listener)


def main(settings: dict[str, Any]) -> None:
    """Run until the grader hangs up."""
    serve(settings, Keeper)


def serve(settings: dict[str, Any], kind: type[Keeper]) -> None:
    """Fork the zygote, and be its keeper until the grader hangs up."""
    # A kernel is process 2 of its own namespace. What draws its random numbers anew when the process id changes must
    # see a change there, so the zygote shall not be process 2 of this one.
    if not (nobody := os.fork()):
        os._exit(0)
    os.waitpid(nobody, 0)
    readable, writable = os.pipe()
    if not os.fork():
        os.close(readable)
        try:
            _be_zygote(settings, writable)
        finally:
            os._exit(1)
    os.close(writable)
    system.set_dumpable(False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    asyncio.run(kind(readable).run())
