"""The keeper of a sandbox that has a pod for itself: prepared beforehand like others, used once.

Nothing keeps it from the student's processes but that they can't look into it: they may end it, and the sandbox with it. So
an end that nobody explains is their own doing; what takes a pod away from outside, the grader learns from the cluster.
"""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.backends.prepared import keeper
from grader.backends.prepared.room import Room
from grader.backends.sandbox_agent import killed_by_memory_limit
from grader.backends.stream import MAX_STREAMS
from grader.backends.work_folder import receive

if TYPE_CHECKING:
    from grader.backends.stream import Stream

LOOPBACK = "127.0.0.1"


class PodKeeper(keeper.Keeper):
    """A pod's end of the pipe."""

    async def _open(self, stream: Stream, order: dict[str, Any]) -> None:
        self._killed_before = killed_by_memory_limit()
        room = self._rooms[stream.target["sandbox"]] = Room(stream.target["sandbox"], keeper.SOCKET)
        Path(keeper.SOCKET).unlink()  # there is no other to come
        endpoints, files = order.pop("endpoints"), order.pop("files")
        variables = {"PATH": os.environ["PATH"], **order.pop("variables")}
        room.folder = os.open(order["work"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for name, port in endpoints.items():
            accept = partial(self._forward, room, name)
            room.servers.append(await asyncio.start_server(accept, LOOPBACK, port, backlog=MAX_STREAMS))
        for path, size in files:
            await receive(stream, room.folder, path, size)
        room.enter({**order, "variables": variables})
        await room.until("ready")

    async def _wait(self, room: Room, stream: Stream) -> None:
        told = await asyncio.shield(room.ended)
        status = told.get("status")
        killed = status in (None, -signal.SIGKILL) and killed_by_memory_limit() > self._killed_before
        await stream.write_json({"status": status, "out_of_memory": killed})
        await stream.end()


def main(settings: dict[str, Any]) -> None:
    """Run until the grader hangs up."""
    keeper.serve(settings, PodKeeper)
