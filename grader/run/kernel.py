"""Jupyter's kernel manager and client for a kernel that a backend has started already."""

from __future__ import annotations

from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from traitlets import Any as AnyTrait
from traitlets import Type

from grader.backends.protocol import Sandbox
from grader.errors import SandboxFailed

START_SECONDS = 60
MAX_MESSAGE = 32 * 2**20
"""A message from a kernel is at most 32 MiB; a longer one closes the connection instead of filling our memory."""


class SandboxKernelClient(AsyncKernelClient):
    """A client without heartbeat and stdin: the sandbox itself says when its kernel is gone, and nobody types."""

    def start_channels(self, **_: Any) -> None:
        """Connect shell and iopub."""
        super().start_channels(shell=True, iopub=True, stdin=False, hb=False, control=False)

    def _limited(self, socket: Any) -> Any:
        import zmq

        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        return socket

    def connect_shell(self, identity: bytes | None = None) -> Any:
        """The shell socket, with a cap on what it takes in."""
        return self._limited(super().connect_shell(identity=identity))

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """The iopub socket, with a cap on what it takes in."""
        return self._limited(super().connect_iopub(identity=identity))


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

    async def is_alive(self) -> bool:
        """Whether the sandbox's kernel lives."""
        return self.sandbox is not None and self.sandbox.poll() is None

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
