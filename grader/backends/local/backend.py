"""The `local` backend."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import psutil

from grader.backends.local import hosting, processes, venv
from grader.backends.local.prepared import PreparedLocalSandbox
from grader.backends.local.residents import Residents
from grader.backends.local.sandbox import LocalSandbox
from grader.backends.prepared.environment import CannotPrepare
from grader.backends.protocol import Address, Endpoint, Environment, Running, Sandbox, SandboxRequest, ServiceJob


class LocalBackend:
    """Virtual environments and processes below `home`. Needs nothing but this machine."""

    name = "local"

    def __init__(self, home: Path, prepared: bool = sys.platform == "linux") -> None:
        """`prepared`: hand out forks of a process that has imported the environment's libraries. Only on Linux by
        default: elsewhere libraries don't survive a fork, or there is none."""
        self.home, self._prepared = home, prepared
        self._residents = Residents(home / "prepared")

    def probe(self) -> None:
        """Always there."""

    def prepare(self, environment: Environment) -> str:
        """Install the environment's lock file."""
        venv.prepare(environment, self._environments)
        return venv.digest(environment)

    def host(self, job: ServiceJob) -> Running:
        """Start a service as a detached process."""
        folder = venv.prepare(job.environment, self._environments)
        return hosting.start(job, self._services, venv.executables(folder))

    def poll(self, running: Running) -> str | None:
        """None while the service's process lives."""
        return hosting.poll(running)

    def logs(self, running: Running) -> str:
        """The end of its log."""
        return processes.tail(Path(running.handle["log"]))

    def stop(self, running: Running) -> None:
        """Terminate it."""
        hosting.stop(running)

    def erase(self, instance: str, service: str) -> None:
        """Remove its folder."""
        hosting.erase(self._services, instance, service)

    def inside(self, endpoint: Endpoint) -> Address:
        """A local sandbox shares this machine's loopback."""
        return endpoint.outside

    def open(self, request: SandboxRequest) -> Sandbox:
        """Start a kernel."""
        folder = venv.prepare(request.environment, self._environments)
        owner = _identity(psutil.Process())
        if self._prepared:
            with contextlib.suppress(CannotPrepare):  # said once, where it was found
                resident = self._residents.find(request.environment, folder)
                return PreparedLocalSandbox(request, folder, owner, resident)
        return LocalSandbox(request, folder, owner)

    def keep_warm(self, environment: Environment) -> None:
        """Import the environment's libraries now, and keep the process that did for the commands to come."""
        if self._prepared:
            self._residents.keep(environment, venv.prepare(environment, self._environments))

    def cool_down(self) -> None:
        """End what `keep_warm` keeps. Sandboxes that are open stay."""
        self._residents.end()

    def reap(self) -> list[str]:
        """End sandboxes whose grader's process is gone."""
        ended = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                mark = process.environ().get(processes.MARK, "")
                kind, _, rest = mark.partition(":")
                owner, _, name = rest.partition(":")
                if kind == "sandbox" and not _lives(owner):
                    processes.end(process, mark, seconds=0)
                    ended.append(name)
        return ended

    @property
    def _environments(self) -> Path:
        return self.home / "environments"

    @property
    def _services(self) -> Path:
        return self.home / "services"


def _identity(process: psutil.Process) -> str:
    """A process as `pid@start time`, so that a number used again is not taken for the same process."""
    return f"{process.pid}@{process.create_time():.2f}"


def _lives(owner: str) -> bool:
    pid, _, started = owner.partition("@")
    with contextlib.suppress(ValueError):
        return int(pid) == os.getpid() or processes.find(int(pid), float(started)) is not None
    return False
