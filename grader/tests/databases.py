"""A database of its own for each test, on SQLite and on a real PostgreSQL that the session starts once."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.gradebook import migrate
from grader.gradebook.database import Database
from grader.stack.stack import Stack
from grader.stack.state import read
from grader.tests import kept

__all__ = ["database", "empty_url", "kind", "migrated_file", "migrated_server", "server", "url"]

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def server(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The course's own PostgreSQL service; its URL without a database."""
    home = kept.home(tmp_path_factory.mktemp("postgres"))
    with Stack(course, LocalBackend(home), home).use(["postgres"]) as running:
        secret = read(home / "stacks" / "local.json").secrets["postgres"]["admin-password"]
        yield f"postgresql://admin:{secret}@{running['postgres'].address}"


@pytest.fixture(scope="session")
def migrated_server(server: str) -> str:
    """… on which a database with all tables is ready to be copied."""
    _execute(server, f"CREATE DATABASE {TEMPLATE}")
    _migrate(f"{server}/{TEMPLATE}")
    return server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, ready to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database without tables."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return created(request.getfixturevalue("server"), "")


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database with all tables."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "gradebook.db")
        return f"sqlite:///{tmp_path / 'gradebook.db'}"
    return created(request.getfixturevalue("migrated_server"), f"TEMPLATE {TEMPLATE}")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def created(server: str, how: str) -> str:
    """A new database on the server; its URL."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name} {how}")
    return f"{server}/{name}"


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


def _migrate(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()
