"""The multiplexer: many streams over one pipe, whatever the other side does."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from grader.backends.stream import (
    HEADER,
    MAX_STREAMS,
    NUMBER,
    PAYLOAD,
    WINDOW,
    Kind,
    Multiplexer,
    ProtocolError,
    Stream,
    bridge,
)

Serve = Callable[[Stream], Awaitable[None]]


def held(work: Awaitable[None]) -> None:
    """Run a test's coroutine; it must end within ten seconds."""
    asyncio.run(asyncio.wait_for(work, 10))


class Pair:
    """Two multiplexers joined by a socket pair; what the second opens is refused."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve

    async def __aenter__(self) -> Pair:
        ends = [await asyncio.open_connection(sock=end) for end in socket.socketpair()]
        self.client = Multiplexer(*ends[0], _refuse, first=1)
        self.server = Multiplexer(*ends[1], self.serve, first=2)
        self.writers = [writer for _, writer in ends]
        self.running = [asyncio.create_task(end.run()) for end in (self.client, self.server)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.close()
        await asyncio.gather(*self.running, return_exceptions=True)


async def _refuse(stream: Stream) -> None:
    await stream.reset()


async def _echo(stream: Stream) -> None:
    while data := await stream.read():
        await stream.write(data)
    await stream.end()


async def _silent(stream: Stream) -> None:
    await asyncio.Event().wait()


def test_streams_carry_bytes_both_ways_at_once() -> None:
    """Thirty streams, each larger than its window, come back whole and are then forgotten by both ends."""

    async def work() -> None:
        async with Pair(_echo) as pair:

            async def one(content: bytes) -> bool:
                stream = await pair.client.open({"do": "echo"})
                sending = asyncio.create_task(_send_all(stream, content))
                found = await _read_all(stream)
                await sending
                return found == content

            assert await asyncio.gather(*(one(os.urandom(3 * WINDOW + i)) for i in range(30))) == [True] * 30
            assert (pair.client.ours(), pair.server.theirs()) == (0, 0)

    held(work())


def test_a_stream_that_nobody_reads_stops_no_other() -> None:
    """A sender is held back at the window, while another stream of the same pipe goes on."""

    async def work() -> None:
        async def serve(stream: Stream) -> None:
            await (_silent if stream.target["do"] == "nothing" else _echo)(stream)

        async with Pair(serve) as pair:
            stuck = await pair.client.open({"do": "nothing"})
            sending = asyncio.create_task(stuck.write(bytes(10 * WINDOW)))
            stream = await pair.client.open({"do": "echo"})
            content = os.urandom(4 * WINDOW)
            echoing = asyncio.create_task(_send_all(stream, content))
            assert await _read_all(stream) == content
            await echoing
            assert not sending.done()
            await stuck.reset()
            with pytest.raises(ConnectionResetError):
                await sending

    held(work())


def test_each_direction_ends_on_its_own() -> None:
    """After one side's end the other may go on sending."""

    async def work() -> None:
        async def answer_at_the_end(stream: Stream) -> None:
            question = await _read_all(stream)
            await stream.write(question.upper())
            await stream.end()

        async with Pair(answer_at_the_end) as pair:
            stream = await pair.client.open({})
            await stream.write(b"question")
            await stream.end()
            with pytest.raises(ConnectionResetError):
                await stream.write(b"more")
            assert await _read_all(stream) == b"QUESTION"

    held(work())


def test_a_reset_reaches_reader_and_writer() -> None:
    """Whoever waits on a stream that the other side resets gets ConnectionResetError."""

    async def work() -> None:
        async with Pair(_refuse) as pair:
            stream = await pair.client.open({})
            with pytest.raises(ConnectionResetError):
                await stream.read()
            with pytest.raises(ConnectionResetError):
                await stream.write(b"x")

    held(work())


def test_the_end_of_the_pipe_wakes_everybody() -> None:
    """When the pipe is cut, waiting streams fail, `run` returns and no new stream is opened."""

    async def work() -> None:
        async with Pair(_silent) as pair:
            stream = await pair.client.open({})
            reading = asyncio.create_task(stream.read())
            pair.writers[1].close()
            with pytest.raises(ConnectionResetError):
                await reading
            await pair.running[0]
            with pytest.raises(ConnectionResetError):
                await pair.client.open({})

    held(work())


def test_too_many_streams_are_refused_one_by_one() -> None:
    """The stream above the limit is reset and the others stay open."""

    async def work() -> None:
        async with Pair(_silent) as pair:
            streams = [await pair.client.open({}) for _ in range(MAX_STREAMS + 1)]
            with pytest.raises(ConnectionResetError):
                await streams[-1].read()
            assert (pair.client.ours(), pair.server.theirs()) == (MAX_STREAMS, MAX_STREAMS)

    held(work())


OPEN = HEADER.pack(Kind.OPEN, 1, 2) + b"{}"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"hello, this is no frame", id="text"),
        pytest.param(HEADER.pack(9, 1, 0), id="unknown kind"),
        pytest.param(HEADER.pack(Kind.DATA, 1, PAYLOAD + 1), id="frame too long"),
        pytest.param(HEADER.pack(Kind.DATA, 1, 0), id="stream never opened"),
        pytest.param(HEADER.pack(Kind.DATA, 2, 0), id="own stream never opened"),
        pytest.param(HEADER.pack(Kind.OPEN, 3, 2) + b"{}", id="number skipped"),
        pytest.param(HEADER.pack(Kind.OPEN, 2, 2) + b"{}", id="number of the other side"),
        pytest.param(HEADER.pack(Kind.OPEN, 1, 2) + b"[]", id="target is no object"),
        pytest.param(HEADER.pack(Kind.OPEN, 1, 60_000) + b"[" * 60_000, id="target nested deep"),
        pytest.param(OPEN + OPEN, id="opened twice"),
        pytest.param(OPEN + HEADER.pack(Kind.END, 1, 0) + HEADER.pack(Kind.DATA, 1, 1) + b"x", id="data after end"),
        pytest.param(OPEN + HEADER.pack(Kind.CREDIT, 1, 4) + NUMBER.pack(1), id="credit for nothing"),
        pytest.param(OPEN + HEADER.pack(Kind.CREDIT, 1, 1) + b"x", id="credit malformed"),
        pytest.param(OPEN + (HEADER.pack(Kind.DATA, 1, PAYLOAD) + bytes(PAYLOAD)) * 5, id="window ignored"),
    ],
)
def test_garbage_ends_the_pipe(sent: bytes) -> None:
    """What no honest peer sends raises ProtocolError at once; nothing is buffered beyond the window."""

    async def work() -> None:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        _, hostile = await asyncio.open_connection(sock=theirs)
        multiplexer = Multiplexer(reader, writer, _silent, first=2)
        hostile.write(sent)
        with pytest.raises(ProtocolError):
            await multiplexer.run()
        hostile.close()
        writer.close()

    held(work())


def test_a_flood_of_opens_does_not_grow_the_backlog() -> None:
    """Against a peer that opens without end and reads no answer, the pipe ends instead of filling memory."""

    async def work() -> None:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        _, hostile = await asyncio.open_connection(sock=theirs)
        running = asyncio.create_task(Multiplexer(reader, writer, _silent, first=2).run())

        async def flood() -> None:
            number = 1
            with suppress(ConnectionError):
                while not running.done():
                    hostile.write(b"".join(HEADER.pack(Kind.OPEN, number + 2 * i, 2) + b"{}" for i in range(1000)))
                    number += 2000
                    await hostile.drain()

        flooding = asyncio.create_task(flood())
        # The hostile end's own reader holds up to 128 KiB, the socket some more; then answers pile up.
        with pytest.raises(ProtocolError, match="too many streams"):
            await running
        writer.transport.abort()
        flooding.cancel()

    asyncio.run(asyncio.wait_for(work(), 30))


def test_a_bridge_joins_a_socket_and_keeps_half_closes() -> None:
    """A client that shuts its sending side still gets the answer through two bridges; a dead target resets it."""

    async def work() -> None:
        async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read()).upper())
            writer.close()

        server = await asyncio.start_server(shout, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def out(stream: Stream) -> None:
            await bridge(stream, *await asyncio.open_connection("127.0.0.1", port if stream.target["up"] else 9))

        async with Pair(out) as pair:

            async def client(up: bool) -> bytes:
                near, far = socket.socketpair()
                joined = bridge(await pair.client.open({"up": up}), *await asyncio.open_connection(sock=far))
                joining = asyncio.create_task(joined)
                reader, writer = await asyncio.open_connection(sock=near)
                writer.write(b"x" * WINDOW * 2)
                writer.write_eof()
                try:
                    return await reader.read()
                except ConnectionResetError:
                    return b"reset"
                finally:
                    writer.close()
                    await joining

            assert await client(True) == b"X" * WINDOW * 2
            assert await client(False) in (b"reset", b"")  # a Unix socket pair knows no reset
        server.close()

    held(work())


async def _send_all(stream: Stream, content: bytes) -> None:
    await stream.write(content)
    await stream.end()


async def _read_all(stream: Stream) -> bytes:
    parts = []
    while part := await stream.read():
        parts.append(part)
    return b"".join(parts)
