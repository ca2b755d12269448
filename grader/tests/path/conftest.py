"""One home for the session, so that environments are installed and services started once; the command as a person runs it."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from grader.backends.protocol import Backend
from grader.cli.images import images_for
from grader.course.tree import Course
from grader.errors import Unavailable
from grader.grading.grade import Place
from grader.stack.stack import Stack
from grader.tests import kept

MLOPS = [str(Path(sys.executable).with_name("mlops"))]
HEED = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
"""A shell that runs the tests in the background has them ignore SIGINT, and so would a command that they start."""


@dataclass(frozen=True)
class Command:
    """Runs `mlops` with a home and a working folder of its own."""

    home: Path
    work: Path

    @property
    def variables(self) -> dict[str, str]:
        return {**os.environ, "MLOPS_HOME": str(self.home), "MLOPS_WORK": str(self.work), "NO_COLOR": "1", "COLUMNS": "80"}

    def __call__(self, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        command = [*MLOPS, *map(str, arguments)]
        variables = {**self.variables, **more}
        return subprocess.run(command, capture_output=True, text=True, env=variables, cwd=self.work, check=False)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        command = [*MLOPS, *map(str, arguments)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.variables, cwd=self.work,
            preexec_fn=HEED,
        )  # fmt: skip


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Environments and services of this session; whatever a failed test left up is stopped at the end."""
    folder = kept.home(tmp_path_factory.mktemp("home"))
    yield folder
    Command(folder, folder)("stop")


@pytest.fixture
def mlops(home: Path, tmp_path: Path) -> Command:
    return Command(home, tmp_path)


def local(home: Path) -> Backend:
    from grader.backends.local.backend import LocalBackend

    return LocalBackend(home)


def docker() -> Backend:
    from grader.backends.docker.backend import DockerBackend

    backend = DockerBackend()
    try:
        backend.probe()
    except Unavailable as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"the docker backend is not tested here: {why}")
    return backend


@pytest.fixture(scope="module", params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def place(request: pytest.FixtureRequest, course: Course, home: Path) -> Iterator[Place]:
    """Services up on each backend, and a folder for evidence."""
    backend = local(home) if request.param == "local" else docker()
    stack = Stack(course, backend, home)
    wanted = [*(lab.spec.services for lab in course.labs()), *(module.spec.services for module in course.modules())]
    needed = sorted({"postgres", *(service for services in wanted for service in services)})
    with stack.use(needed) as running, images_for(course.labs(), stack) as images:
        yield Place(course, backend, stack, running, home / "evidence" / request.param, images)


def alive(home: Path) -> list[str]:
    """Command lines of all processes that belong to this home: servers, sandboxes."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if str(home) in line and process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
                found.append(line[:200])
        except psutil.Error:
            continue
    return found


def interrupt(process: subprocess.Popen[str]) -> None:
    """What Ctrl-C does."""
    process.send_signal(signal.SIGINT)
