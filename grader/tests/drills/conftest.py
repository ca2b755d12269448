"""One room for the session: services started once for all drills; environments kept from session to session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from grader.backends.local import venv
from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course, Drill
from grader.drills.room import Room
from grader.stack.stack import Stack

KEPT = platformdirs.user_cache_path("mlops-course", ensure_exists=True)
COMMANDS = KEPT / "drill-environments"
"""By its real path: a command's first line names the path at which it was installed."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drills-home")
    (KEPT / "test-environments").mkdir(exist_ok=True)
    (folder / "environments").symlink_to(KEPT / "test-environments")
    return folder


@pytest.fixture(scope="session")
def room(course: Course, home: Path) -> Iterator[Room]:
    stack = Stack(course, LocalBackend(home), home)
    yield Room(stack, home)
    stack.stop()


def commands(course: Course, drill: Drill) -> list[Path]:
    """The folders of the commands of a drill's environments, installed."""
    wanted = [course.environment(name) for name in drill.spec.environments]
    return [venv.executables(venv.prepare(environment, COMMANDS)) for environment in wanted]
