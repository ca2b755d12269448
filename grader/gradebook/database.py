"""The gradebook's database: SQLite in a file, or PostgreSQL by URL; the same code for both.

A block that writes is one transaction that nobody else's write gets into (SQLite: BEGIN IMMEDIATE; PostgreSQL: row locks
that the callers take). When the block has ended without an error, what it wrote survives a crash of the machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from grader.errors import BadInput, OurFault

BUSY_SECONDS = 30
CONNECT_SECONDS = 5
PRAGMAS = (
    "journal_mode = WAL",  # readers and the writer don't wait for each other
    "synchronous = FULL",  # what was acknowledged survives a power cut
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else INSERT OR REPLACE deletes a row without asking the triggers
)
IDLE_SECONDS = 10
SETTINGS = """SELECT set_config('idle_in_transaction_session_timeout', :idle, true), set_config('lock_timeout', :busy, true),
CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN set_config('synchronous_commit', 'on', true) END"""
"""Of a transaction that writes, on PostgreSQL: one whose process was frozen in the middle is ended, else its locks would stop
everybody; nobody waits for ever; and a server that answers before it has written (as it may be set to) does so no more."""
FROZEN = ("25P03", "25P04")
"""States of a session that was ended for it."""
UNDEFINED_TABLE = "42P01"
NEXT_STEP = "it is tried again by whoever can; see that the database runs and its disk has space"
_IMMEDIATE = "begin_immediate"


class DatabaseUnavailable(OurFault):
    """The database can't be reached, is locked, or its disk is full. Nothing of the block was written, unless it went away
    in the very moment of the commit: what is retried must be idempotent."""


class Database:
    """Sessions on one database. Safe to share between threads; each forked or spawned process opens its own."""

    def __init__(self, url: str, busy_seconds: float = BUSY_SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        """Connects at the first use. A writer waits `busy_seconds` for other writers, and is ended (on PostgreSQL) when it
        does nothing for `idle_seconds` in the middle of a transaction.

        Raises BadInput for a URL that is neither SQLite's nor PostgreSQL's.
        """
        self.url = parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            _touch(Path(self.url.database))
        arguments = {"timeout": busy_seconds} if self.is_sqlite else {"connect_timeout": CONNECT_SECONDS}
        self.engine = create_engine(self.url, connect_args=arguments, pool_pre_ping=not self.is_sqlite, hide_parameters=True)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)
        self._settings = {"idle": f"{idle_seconds * 1000:.0f}", "busy": f"{busy_seconds * 1000:.0f}"}
        self._writer = self.engine.execution_options(**{_IMMEDIATE: True})

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block. Raises DatabaseUnavailable."""
        with self._explained(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(text(SETTINGS), self._settings)
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing. Raises DatabaseUnavailable."""
        with self._explained(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    def now(self, session: Session) -> datetime:
        """The time by the database's clock: workers on many machines agree on no other."""
        if self.is_sqlite:
            return datetime.now(UTC)
        found = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        assert isinstance(found, datetime)
        return found.astimezone(UTC)

    def close(self) -> None:
        """Close all connections that nobody uses."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise DatabaseUnavailable(f"the database {self} has no connection free", NEXT_STEP) from error
        except DBAPIError as error:
            if "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", "") == UNDEFINED_TABLE:
                raise BadInput(f"the database {self} lacks tables of the gradebook", "mlops admin init") from error
            frozen = getattr(error.orig, "sqlstate", "") in FROZEN
            if error.connection_invalidated or isinstance(error, OperationalError) or frozen:
                raise DatabaseUnavailable(f"the database {self} can't be used: {_words(error)}", NEXT_STEP) from error
            raise


def parse(url: str) -> URL:
    """The URL, with the driver that is installed. Raises BadInput for another database's."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        backend = ""
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise BadInput("that is no URL of a database that the gradebook can use", "sqlite:////folder/file.db or postgresql://…")


def _touch(file: Path) -> None:
    """A new file is for its owner only, and so is what SQLite puts beside it. Raises BadInput where none can be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    except OSError as error:
        raise BadInput(f"there can be no database at {file}: {error.strerror}", "name another place") from None


def _prepare(connection: Any, _: ConnectionPoolEntry) -> None:
    """Settings of a new SQLite connection; transactions are begun by `_begin` alone."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _words(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())[:300]
