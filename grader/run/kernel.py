"""Jupyter's kernel manager and client for a kernel that a backend has started already."""

from __future__ import annotations

import asyncio
import contextlib
import time
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from traitlets import Any as AnyTrait
from traitlets import Type

from grader.backends.protocol import Sandbox
from grader.errors import SandboxFailed
from grader.run.messages import taken

START_SECONDS = 60
SUBSCRIPTION_SECONDS = 0.2
MAX_MESSAGE = 32 * 2**20
"""A message from a kernel is at most 32 MiB; a longer one closes the connection instead of filling our memory."""


class HonestChannel(AsyncZMQSocketChannel):
    """A channel that hands on well-formed messages only."""

    async def get_msg(self, timeout: float | None = None) -> Any:
        """The next message within `timeout` seconds (None: whenever it comes). Raises Empty."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
            if not await self.socket.poll(left):
                raise Empty
            # Not a waiting receive: that one has no time limit, and a message that was announced need not be there.
            with contextlib.suppress(zmq.Again):
                message = taken(self.session, await self.socket.recv_multipart(flags=zmq.DONTWAIT))
                if message is not None:
                    return message
            if deadline is not None and time.monotonic() > deadline:
                raise Empty
            await asyncio.sleep(0)


class SandboxKernelClient(AsyncKernelClient):
    """A client without heartbeat and stdin: the sandbox itself says when its kernel is gone, and nobody types."""

    shell_channel_class = Type(HonestChannel)
    iopub_channel_class = Type(HonestChannel)

    def start_channels(self, **_: Any) -> None:
        """Connect shell and iopub."""
        super().start_channels(shell=True, iopub=True, stdin=False, hb=False, control=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """One question and its answer on both channels. The stock one then waits for 0.2 s of silence.

        Raises RuntimeError after `timeout` seconds.
        """
        deadline = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < deadline:
            message = self.kernel_info()
            answered = await _heard(self.shell_channel, message, "kernel_info_reply", 1.0)
            # A subscription takes effect some time after connecting: only what arrives shows that this one has.
            if answered and await _heard(self.iopub_channel, message, "status", SUBSCRIPTION_SECONDS, idle=True):
                return
            if not await self._async_is_alive():
                raise RuntimeError("it ended before it answered")
        raise RuntimeError("no answer")

    def _limited(self, socket: Any) -> Any:
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        return socket

    def connect_shell(self, identity: bytes | None = None) -> Any:
        """The shell socket, with a cap on what it takes in."""
        return self._limited(super().connect_shell(identity=identity))

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """The iopub socket, with a cap on what it takes in."""
        return self._limited(super().connect_iopub(identity=identity))


async def _heard(channel: Any, request: str, kind: str, seconds: float, idle: bool = False) -> bool:
    """Whether the answer to `request` came in time; what came before it is dropped."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            message = await channel.get_msg(timeout=left)
        except Empty:
            return False
        ours = message["parent_header"].get("msg_id") == request and message["msg_type"] == kind
        if ours and (not idle or message["content"].get("execution_state") == "idle"):
            return True
    return False


class SandboxKernelManager(AsyncKernelManager):
    """The manager that papermill's client asks whether the kernel lives and to interrupt it."""

    sandbox = AnyTrait(None, allow_none=True)
    client_class = "grader.run.kernel.SandboxKernelClient"
    client_factory = Type(SandboxKernelClient)

    def attach(self, sandbox: Sandbox) -> None:
        """Point at the kernel in `sandbox`."""
        self.sandbox, at = sandbox, sandbox.connection
        self.transport, self.ip = "tcp", at.host
        self.shell_port, self.iopub_port, self.stdin_port = at.shell_port, at.iopub_port, at.stdin_port
        self.control_port, self.hb_port = at.control_port, at.hb_port
        self.session.key = at.key

    @property
    def has_kernel(self) -> bool:
        """Whether a sandbox is attached."""
        return self.sandbox is not None

    async def _async_is_alive(self) -> bool:
        """Whether the sandbox's kernel lives. This is the name under which its client asks."""
        return self.sandbox is not None and self.sandbox.poll() is None

    is_alive = _async_is_alive

    async def interrupt_kernel(self) -> None:
        """Interrupt the running cell."""
        self.sandbox.interrupt()

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Nothing: whoever opened the sandbox closes it."""

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Nothing: there is no connection file."""


class Kernel:
    """A connected kernel; use as a context manager."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.manager = SandboxKernelManager()
        self.manager.attach(sandbox)
        self.client: Any = self.manager.client()

    def __enter__(self) -> Kernel:
        self.client.start_channels()
        try:
            run_sync(self.client.wait_for_ready)(timeout=START_SECONDS)
        except RuntimeError as error:
            self.client.stop_channels()
            raise SandboxFailed(f"the sandbox's kernel did not answer within {START_SECONDS} s: {error}") from None
        self.client.allow_stdin = False
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.manager.context.destroy(linger=0)
