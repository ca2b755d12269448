"""One room for the session: services started once for all drills; environments kept from session to session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.backends.local import venv
from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course, Drill
from grader.drills.room import Room
from grader.stack.stack import Stack
from grader.tests import kept


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept.home(tmp_path_factory.mktemp("drills-home"))


@pytest.fixture(scope="session")
def room(course: Course, home: Path) -> Iterator[Room]:
    stack = Stack(course, LocalBackend(home), home)
    yield Room(stack, home)
    stack.stop()


def commands(course: Course, drill: Drill) -> list[Path]:
    """The folders of the commands of a drill's environments, installed."""
    wanted = [course.environment(name) for name in drill.spec.environments]
    return [venv.executables(venv.prepare(environment, kept.environments())) for environment in wanted]
