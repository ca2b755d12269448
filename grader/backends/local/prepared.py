"""A local sandbox that is a fork of a prepared process."""

from __future__ import annotations

import json
import secrets
import select
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.backends.local import processes
from grader.backends.local.sandbox import LocalSandbox, explain, limits_of
from grader.backends.prepared.kernel_channels import CHANNELS
from grader.backends.protocol import Connection, Ended, SandboxRequest
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from grader.backends.local.residents import Resident

START_SECONDS = 60
CLOSE_SECONDS = 10
MAX_MESSAGE = 64 * 1024
LOOPBACK = "127.0.0.1"


class PreparedLocalSandbox(LocalSandbox):
    """See `grader.backends.protocol.Sandbox`. Its warden ends it when the connection ends, so also when this process does."""

    def __init__(self, request: SandboxRequest, environment: Path, owner: str, resident: Resident) -> None:
        self._resident = resident
        self._warden: socket.socket | None = None
        self._ended: Ended | None = None
        super().__init__(request, environment, owner)

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        while self._ended is None and self._warden is not None and select.select([self._warden], [], [], 0)[0]:
            told = self._hear(self._warden)
            if not told:
                self._ended = Ended("vanished", "its processes were ended from outside")
            elif "status" in told:
                self._ended = Ended("exited", explain(int(told["status"])))
        return self._ended

    def interrupt(self) -> None:
        """SIGINT to the kernel's process group."""
        if self._warden:
            with suppress(OSError):
                self._warden.send(b"interrupt")

    def _open(self, bin_folder: Path) -> Connection:
        listeners = {name: socket.create_server((LOOPBACK, 0)) for name in CHANNELS}
        key = secrets.token_hex(32)
        limits = {f"RLIMIT_{name}": value for name, value in limits_of(self.request.limits).items()}
        request = {
            "confined": False, "dies_first": False, "transport": "tcp", "key": key, "work": str(self.work), "limits": limits,
            "threads": 1,
            "variables": {**self._variables(bin_folder), processes.MARK: self.mark},
        }  # fmt: skip
        self._warden = self._resident.connect()
        self._warden.settimeout(START_SECONDS)
        try:
            ports = {name: int(one.getsockname()[1]) for name, one in listeners.items()}
            socket.send_fds(self._warden, [json.dumps(request).encode()], [one.fileno() for one in listeners.values()])
            told = self._hear(self._warden)
        except OSError as error:
            told = {"error": str(error)}
        finally:
            for one in listeners.values():
                one.close()
        if "ready" not in told:
            why = told.get("error", "the prepared process hung up")
            raise SandboxFailed(f"the kernel of sandbox {self.request.name} did not start: {why}", "see `mlops doctor`")
        return Connection(host=LOOPBACK, key=key.encode(), **ports)

    def _end(self) -> None:
        """Hang up, and wait for the warden to say with its own end that nothing is left."""
        warden, self._warden = self._warden, None
        if warden is None:
            return
        with warden:
            with suppress(OSError):
                warden.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + CLOSE_SECONDS
            while (left := deadline - time.monotonic()) > 0 and self._ended_how() != "vanished":
                warden.settimeout(left)
                try:
                    if not warden.recv(MAX_MESSAGE):
                        return
                except OSError:
                    break
        processes.end(None, self.mark, seconds=0)  # the warden is gone or stuck: look for what it left

    def _ended_how(self) -> str:
        return self._ended.how if self._ended else ""

    @staticmethod
    def _hear(connection: socket.socket) -> dict[str, Any]:
        with suppress(OSError):
            message = connection.recv(MAX_MESSAGE)
            return dict(json.loads(message)) if message else {}
        return {}
