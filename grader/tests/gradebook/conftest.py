"""A gradebook of its own for each test, with a small class in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.gradebook.database import Database
from grader.tests.databases import created
from grader.tests.gradebook.small_class import Clock, SmallClass


@pytest.fixture
def clock(database: Database, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The database's clock, in the test's hand."""
    clock = Clock()
    monkeypatch.setattr(database, "now", lambda _: clock.time)
    return clock


@pytest.fixture
def klass(database: Database, clock: Clock) -> SmallClass:
    """A course with a teacher, two students, and one lab asked for."""
    return SmallClass(database, clock)


@pytest.fixture
def make_empty(server: str) -> Callable[[], str]:
    """Makes new databases without tables on PostgreSQL."""
    return lambda: created(server, "")
