"""An IPython kernel in a process that is there already, on sockets that somebody else made."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import ipykernel.ipkernel
import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp

from grader.backends.prepared.kernel_channels import CHANNELS

# 145 modules and a third of a second for each kernel; nobody can attach a debugger to a sandbox.
ipykernel.ipkernel._is_debugpy_available = False  # type: ignore[attr-defined]


OURS: list[str] = []
"""Modules of ours that are no business of a notebook. Noted before a fork: a search in it would touch all names, and so copy
their pages."""
MODULES: set[str] = set()
"""The names of all others, for IPython, which wants to know what was imported before the first cell. Noted then, too."""


def note_ours() -> None:
    """Note what is ours among the imported modules."""
    OURS[:] = [name for name in sys.modules if name.startswith("grader.")]
    MODULES.update(sys.modules.keys() - OURS)


class WithoutModules:
    """`sys` for ipykernel, which lists the files of all modules for its debugger: in a fork that copies pages (decision 5)."""

    modules: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


class OnListener:
    """Binds 0MQ sockets to listening sockets that were handed over."""

    def __init__(self, transport: str, listeners: list[int]) -> None:
        self.transport, self.listeners = transport, listeners

    def bind(self, socket: Any, port: int) -> None:
        """Serve on the listener of this port."""
        socket.setsockopt(zmq.USE_FD, self.listeners[port - 1])
        # The address is only a name here: nothing is looked up or made.
        socket.bind(f"ipc://channel-{port}" if self.transport == "ipc" else f"tcp://127.0.0.1:{port}")


class PreparedHeartbeat(Heartbeat):
    """The heartbeat channel."""

    def __init__(self, given: OnListener) -> None:
        self.given = given
        super().__init__(  # type: ignore[no-untyped-call]
            zmq.Context(), (given.transport, "127.0.0.1", CHANNELS.index("hb_port") + 1)
        )

    def _try_bind_socket(self) -> None:
        self.given.bind(self.socket, self.port)


class PreparedKernel(IPKernelApp):
    """ipykernel's application without what a fresh process needs: a connection file, configuration files, a debugger."""

    given: OnListener

    def _try_bind_socket(self, s: Any, port: int) -> int:
        self.given.bind(s, port)
        return port

    def parse_command_line(self, argv: Any = None) -> None:
        """There is none, and making its parser costs more than most else here."""

    def init_control(self, context: Any) -> None:
        """The control channel, without the socket of a debugger, which would try to reconnect for ever."""
        super().init_control(context)  # type: ignore[no-untyped-call]
        self.debug_shell_socket.close()

    def init_heartbeat(self) -> None:
        """The heartbeat on its listener."""
        self.heartbeat = PreparedHeartbeat(self.given)
        self.heartbeat.start()

    def init_kernel(self) -> None:
        """The kernel and its shell."""
        ipykernel.ipkernel.sys = WithoutModules()  # type: ignore[attr-defined,assignment]
        try:
            super().init_kernel()  # type: ignore[no-untyped-call]
        finally:
            ipykernel.ipkernel.sys = sys  # type: ignore[attr-defined]

    def init_connection_file(self) -> None:
        """There is none."""

    def write_connection_file(self, **_: Any) -> None:
        """There is none."""

    def cleanup_connection_file(self) -> None:
        """There is none."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Nothing is configured from files."""

    def _configure_logging(self) -> None:
        """What a kernel logs, nobody reads; warnings reach standard error without a handler of its own."""

    def init_code(self) -> None:
        """There is none to run before the first cell: what remains is to note which names and modules were there."""
        self.shell.user_ns_hidden.update(self.shell.user_ns)
        self.shell._sys_modules_keys = MODULES

    def log_connection_info(self) -> None:
        """Nobody reads it; the ports are kept, as the kernel asks for them."""
        self._ports = {name.removesuffix("_port"): number for number, name in enumerate(CHANNELS, 1)}


def make(transport: str, listeners: list[int], key: str) -> Any:
    """A kernel that is ready to serve: `start()` it. `transport` is `ipc` (Unix sockets) or `tcp`."""
    for name in OURS:
        sys.modules.pop(name, None)  # a notebook finds what a plain kernel has
    PreparedKernel.given = OnListener(transport, listeners)
    app = PreparedKernel.instance(transport=transport, **{name: number for number, name in enumerate(CHANNELS, 1)})
    app.config.Session.key = key.encode()
    app.config.HistoryManager.enabled = False
    app.config.IPKernelApp.quiet = True
    app.config.IPKernelApp.exec_PYTHONSTARTUP = False
    app.initialize([])
    gc.enable()
    return app


def serve(app: Any) -> None:
    """Run the kernel and end this process with it."""
    status = 0
    try:
        app.start()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(status)
