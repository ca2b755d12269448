"""A sandbox as the keeper of its host container holds it: from outside, where nothing inside can reach."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import tempfile
from contextlib import suppress
from typing import Any

from grader.backends.prepared.kernel_channels import CHANNELS

MAX_MESSAGE = 64 * 1024
MAX_DESCRIPTORS = 64


class Room:
    """One connection to the zygote, the kernel's sockets, and what was handed out from inside."""

    def __init__(self, name: str, zygote: str) -> None:
        """Ask for a sandbox: a fork that waits for `enter`. Raises OSError when the zygote is gone."""
        self.name = name
        self.folder = -1
        """A descriptor of the work folder, once the room is built."""
        self.listeners: list[socket.socket] = []
        """Listening sockets in the sandbox's own network, in the order of the request's endpoints."""
        self.servers: list[asyncio.Server] = []
        """What accepts on them."""
        self.ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        """The kernel's exit status, as `{"status": n}`; empty when the sandbox ended without one."""
        self.gone = asyncio.Event()
        """Set when no process of it is left."""
        self._facts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._sockets = tempfile.mkdtemp(prefix="kernel-")
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.setblocking(False)
        self._connection.connect(zygote)
        asyncio.get_running_loop().add_reader(self._connection, self._hear)

    def path(self, channel: str) -> str:
        """The Unix socket of a channel of the kernel."""
        return f"{self._sockets}/{channel}"

    def enter(self, request: dict[str, Any]) -> None:
        """Send the request with the kernel's listening sockets. Raises OSError."""
        listeners = []
        for channel in CHANNELS:
            listeners.append(socket.socket(socket.AF_UNIX))
            listeners[-1].bind(self.path(channel))
            listeners[-1].listen(128)
        socket.send_fds(self._connection, [json.dumps(request).encode()], [one.fileno() for one in listeners])
        for one in listeners:
            one.close()  # the fork has them

    async def until(self, fact: str) -> None:
        """Wait for the sandbox to tell `fact`. Raises ChildProcessError with what it told instead."""
        told = await self._facts.get()
        if fact not in told:
            raise ChildProcessError(str(told.get("error", "the sandbox ended while it was made")))

    def interrupt(self) -> None:
        """SIGINT to the kernel's process group."""
        with suppress(OSError):
            self._connection.send(b"interrupt")

    async def close(self) -> None:
        """End everything in it and wait until it is gone."""
        for server in self.servers:
            server.close()
        if not self.gone.is_set():
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)
        await self.gone.wait()
        if self.folder >= 0:
            os.close(self.folder)
            self.folder = -1
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _hear(self) -> None:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._connection, MAX_MESSAGE, MAX_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        told = dict(json.loads(message)) if message else {}
        if descriptors:
            self.folder, *inside = descriptors
            self.listeners = [socket.socket(fileno=number) for number in inside]
        if not message:
            asyncio.get_running_loop().remove_reader(self._connection)
            self._connection.close()
            self.gone.set()
        if ("status" in told or not message) and not self.ended.done():
            self.ended.set_result(told)
        self._facts.put_nowait(told)
