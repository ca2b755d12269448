"""A PostgreSQL of this run's own, from the course's service file, that can be killed and comes back with its data."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import psutil

from grader.backends.local.backend import LocalBackend
from grader.course.tree import find_course
from grader.stack.stack import Stack
from grader.stack.state import read
from grader.tests import kept

SERVICE = "postgres"


class Server:
    """A context; `url` is its database."""

    def __init__(self, home: Path) -> None:
        self._home = kept.home(home)
        self._stack = Stack(find_course(Path(__file__)), LocalBackend(home), home)

    def __enter__(self) -> Server:
        running = self._stack.keep([SERVICE])[SERVICE]
        secret = read(self._home / "stacks" / "local.json").secrets[SERVICE]["admin-password"]
        self._port = running.address.port
        self.url = f"postgresql://admin:{secret}@{running.address}/lab"
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.stop()

    def kill(self) -> None:
        """Kill -9 all its processes, and start it again on the same port.

        The script that started it is left to bury it: a server that is still listed keeps its successor from starting.
        """
        script = psutil.Process(self._stack.running()[SERVICE].handle["pid"])
        for process in script.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([script], timeout=10)
        self._stack.keep([SERVICE], {SERVICE: self._port})
