"""Many byte streams over one pipe, with a window for each: what lets a sandbox without a network be spoken to.

Both ends run this file (the far end gets its source, so it imports nothing but the standard library). A frame is
`kind, stream, length, payload`. Whoever opens a stream says what it is for in a small JSON object, the *target*; each
direction is then closed on its own (END) or both at once (RESET). A sender may be WINDOW bytes ahead of what the other
side has consumed, so one stream that nobody reads neither stops the others nor fills anybody's memory.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HEADER = struct.Struct("!BII")
NUMBER = struct.Struct("!I")
PAYLOAD = 64 * 1024
"""Most bytes that one frame carries."""
WINDOW = 256 * 1024
"""Most bytes of one direction of a stream that may be sent and not yet consumed."""
MAX_STREAMS = 128
"""Most streams that the other side may hold open at once."""
MAX_UNSENT = 1024 * 1024
"""Most bytes of unasked-for answers (resets) that may wait to be sent."""


class ProtocolError(Exception):
    """The other side sent what no honest peer sends; nothing that follows can be trusted."""


class Kind(IntEnum):
    """What a frame says."""

    OPEN = 1
    DATA = 2
    END = 3
    RESET = 4
    CREDIT = 5


class Stream:
    """One two-way flow of bytes, opened by either side for `target`. As a context manager it is over at the block's end."""

    def __init__(self, multiplexer: Multiplexer, number: int, target: dict[str, Any]) -> None:
        self.target = target
        self.number = number
        self._multiplexer = multiplexer
        self._incoming = asyncio.StreamReader()
        self._unread = 0
        self._owed = 0
        self._credit = WINDOW
        self._credit_changed = asyncio.Event()
        self._sent_end = False
        self._got_end = False
        self._broken = False

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.reset()

    async def read(self, most: int = PAYLOAD) -> bytes:
        """Some bytes, or none at the end. Raises ConnectionResetError when the stream was reset."""
        data = await self._incoming.read(most)
        await self._consumed(len(data))
        return data

    async def read_exactly(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises ConnectionResetError when the stream ends before."""
        parts = []
        while size:
            part = await self.read(min(size, PAYLOAD))
            if not part:
                raise ConnectionResetError("the stream ended early")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    async def read_json(self, most: int) -> Any:
        """One JSON value of at most `most` bytes. Raises ProtocolError when it is longer or no JSON."""
        (size,) = NUMBER.unpack(await self.read_exactly(NUMBER.size))
        if size > most:
            raise ProtocolError(f"an answer of {size} bytes where at most {most} were expected")
        return parse(await self.read_exactly(size))

    async def write(self, data: bytes) -> None:
        """Send all of it, waiting for the other side to read. Raises ConnectionResetError when it no longer does."""
        view = memoryview(data)
        while view:
            while not self._credit and not self._broken:
                self._credit_changed.clear()
                await self._credit_changed.wait()
            if self._broken or self._sent_end:
                raise ConnectionResetError("the stream is closed")
            size = min(len(view), self._credit, PAYLOAD)
            self._credit -= size
            await self._multiplexer.send(Kind.DATA, self.number, view[:size])
            view = view[size:]

    async def write_json(self, value: Any) -> None:
        """Send one JSON value."""
        text = json.dumps(value).encode()
        await self.write(NUMBER.pack(len(text)) + text)

    async def end(self) -> None:
        """Say that nothing more will be sent; the other direction stays open."""
        if not (self._sent_end or self._broken):
            self._sent_end = True
            if self._got_end:
                self._multiplexer.forget(self)
            await self._multiplexer.send(Kind.END, self.number)

    async def reset(self) -> None:
        """Drop both directions. Does nothing to a stream that is over; never raises."""
        if not (self._broken or (self._sent_end and self._got_end)):
            self.fail("the stream was reset")
            self._multiplexer.forget(self)
            with suppress(ConnectionError):  # the pipe is gone, and every stream with it
                await self._multiplexer.send(Kind.RESET, self.number)

    def fail(self, why: str) -> None:
        """Wake whoever reads or writes with a ConnectionResetError."""
        self._broken = True
        self._credit_changed.set()
        self._incoming.set_exception(ConnectionResetError(why))

    def take(self, kind: Kind, payload: bytes) -> None:
        """A frame for this stream arrived. Raises ProtocolError when it may not come now."""
        if kind is Kind.CREDIT:
            self._take_credit(payload)
        elif kind is Kind.RESET:
            self.fail("the other side reset the stream")
            self._multiplexer.forget(self)
        elif self._got_end:
            raise ProtocolError("data after the end of a stream")
        elif kind is Kind.DATA:
            self._unread += len(payload)
            if self._unread > WINDOW:
                raise ProtocolError("more data than the window allows")
            self._incoming.feed_data(payload)
        else:
            self._got_end = True
            self._incoming.feed_eof()
            if self._sent_end:
                self._multiplexer.forget(self)

    def _take_credit(self, payload: bytes) -> None:
        if len(payload) != NUMBER.size:
            raise ProtocolError("a malformed credit")
        self._credit += NUMBER.unpack(payload)[0]
        if self._credit > WINDOW:
            raise ProtocolError("more credit than was used")
        self._credit_changed.set()

    async def _consumed(self, size: int) -> None:
        self._owed += size
        if self._owed >= WINDOW // 4 and not (self._got_end or self._broken):
            owed, self._owed = self._owed, 0
            self._unread -= owed
            await self._multiplexer.send(Kind.CREDIT, self.number, NUMBER.pack(owed))


class Multiplexer:
    """One end of the pipe. `accept` serves each stream that the other side opens, in a task of its own."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        accept: Callable[[Stream], Awaitable[None]],
        *,
        first: int,
    ) -> None:
        """`first` is the number of this end's first stream: 1 on one end and 2 on the other."""
        self._reader, self._writer, self._accept = reader, writer, accept
        self._next = first
        self._next_of_peer = 3 - first
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._over = False

    async def open(self, target: dict[str, Any]) -> Stream:
        """A new stream to what the other side understands by `target`; it is reset when the other side refuses."""
        if self._over:
            raise ConnectionResetError("the pipe is closed")
        stream = Stream(self, self._next, target)
        self._next += 2
        self._streams[stream.number] = stream
        await self.send(Kind.OPEN, stream.number, json.dumps(target).encode())
        return stream

    def theirs(self) -> int:
        """How many streams that the other side opened are still open."""
        return sum(1 for number in self._streams if number % 2 == self._next_of_peer % 2)

    def ours(self) -> int:
        """How many streams that this side opened are still open."""
        return len(self._streams) - self.theirs()

    async def run(self) -> None:
        """Serve until the pipe ends. Raises ProtocolError on what no honest peer sends."""
        try:
            while frame := await self._next_frame():
                self._dispatch(*frame)
        finally:
            self._over = True
            for stream in list(self._streams.values()):
                stream.fail("the pipe was closed")
            self._streams.clear()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def send(self, kind: Kind, number: int, payload: bytes | memoryview = b"") -> None:
        """Send a frame. Raises ConnectionError when the pipe is gone."""
        async with self._sending:
            self._writer.write(HEADER.pack(kind, number, len(payload)) + payload)
            await self._writer.drain()

    def forget(self, stream: Stream) -> None:
        """A stream is over."""
        self._streams.pop(stream.number, None)

    async def _next_frame(self) -> tuple[Kind, int, bytes] | None:
        try:
            kind, number, length = HEADER.unpack(await self._reader.readexactly(HEADER.size))
            if kind not in Kind.__members__.values() or length > PAYLOAD:
                raise ProtocolError(f"a frame of kind {kind} and {length} bytes")
            return Kind(kind), number, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def _dispatch(self, kind: Kind, number: int, payload: bytes) -> None:
        if kind is Kind.OPEN:
            self._opened(number, payload)
        elif stream := self._streams.get(number):
            stream.take(kind, payload)
        elif number == 0 or number >= (self._next_of_peer if number % 2 == self._next_of_peer % 2 else self._next):
            raise ProtocolError(f"a frame for stream {number}, which was never opened")
        # else: sent before the other side learnt that this stream is over

    def _opened(self, number: int, payload: bytes) -> None:
        target = parse(payload)
        if number != self._next_of_peer or not isinstance(target, dict):
            raise ProtocolError(f"stream {number} can't be opened")
        self._next_of_peer += 2
        if self.theirs() >= MAX_STREAMS:
            self._refuse(number)
            return
        stream = self._streams[number] = Stream(self, number, target)
        task = asyncio.create_task(self._serve(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _refuse(self, number: int) -> None:
        # Not awaited: a reader that waits for its own writer could wait for ever. So the backlog is capped instead.
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            raise ProtocolError("too many streams at once")
        self._writer.write(HEADER.pack(Kind.RESET, number, 0))

    async def _serve(self, stream: Stream) -> None:
        served = False
        try:
            await self._accept(stream)
            served = True
        except OSError:
            pass  # this one stream broke; the others live on
        finally:
            if not served:
                await stream.reset()


async def bridge(
    stream: Stream,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    count: Callable[[int], None] | None = None,
) -> None:
    """Join a stream and a socket until both directions have ended, or one breaks (then both are reset).

    `count` is told the size of each piece that comes from the stream.
    """

    async def outward() -> None:
        while data := await reader.read(PAYLOAD):
            await stream.write(data)
        await stream.end()

    async def inward() -> None:
        while data := await stream.read():
            if count:
                count(len(data))
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    both = [asyncio.ensure_future(outward()), asyncio.ensure_future(inward())]
    try:
        await asyncio.gather(*both)
    except OSError:
        hang_up(writer)
    finally:
        for one in both:
            one.cancel()
        await stream.reset()
        writer.close()


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a socket so that the other side sees a reset, and can't take what it got for the whole."""
    transport_socket = writer.get_extra_info("socket")
    with suppress(OSError):
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        transport_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def parse(text: bytes) -> Any:
    """A JSON value that the other side sent. Raises ProtocolError when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("no JSON where JSON was expected") from error
