"""The database: transactions that exclude each other, times, what is said when it is away; tables that migrations make."""

from __future__ import annotations

import socket
import stat
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from grader.errors import BadInput
from grader.gradebook import accounts, migrate, tables
from grader.gradebook.columns import APPEND_ONLY, Base
from grader.gradebook.database import Database, DatabaseUnavailable, parse
from grader.gradebook.tables import Course


def test_migrations_make_the_tables_that_the_code_means(database: Database) -> None:
    """Nothing is left to migrate; the history's tables are the same in both places."""
    assert accounts.Account.metadata is Base.metadata  # imported, so its tables are among those compared
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    history = (
        tables.Extension, tables.Submission, tables.Receipt, tables.Attempt, tables.Release, tables.Mark, tables.Comment,
        tables.JobEvent, tables.Reveal,
    )  # fmt: skip
    assert [table.__tablename__ for table in history] == list(APPEND_ONLY)


def test_a_database_without_tables_is_refused_and_made_ready_once(empty_url: str) -> None:
    """`require` names the command; migrating twice, or from several threads at once, is migrating."""
    database = Database(empty_url)
    with pytest.raises(BadInput, match=r"has no tables of the gradebook \(mlops admin init\)"):
        migrate.require(database)
    threads = [threading.Thread(target=migrate.upgrade, args=(database,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    migrate.require(database)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'old'"))
    with pytest.raises(BadInput, match=f"has tables of version old, and this code needs {migrate.head()}"):
        migrate.require(database)
    database.close()


def test_a_missing_table_names_the_command(empty_url: str) -> None:
    """Not a traceback of a driver."""
    database = Database(empty_url)
    with pytest.raises(BadInput, match=r"lacks tables of the gradebook \(mlops admin init\)"), database.reading() as session:
        session.scalars(select(Course)).all()
    database.close()


def test_what_is_written_in_a_block_that_fails_is_not_there(database: Database) -> None:
    """All or nothing."""
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        session.add(Course(name="math", title="Mathematics", created_at=datetime.now(UTC)))
        session.flush()
        raise ZeroDivisionError
    with database.reading() as session:
        assert session.scalars(select(Course)).all() == []


def test_times_come_out_in_utc(database: Database) -> None:
    """Whatever zone they went in with; one without a zone is refused."""
    summer = datetime(2026, 7, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.writing() as session:
        session.add(Course(name="math", title="Mathematics", created_at=summer))
    with database.reading() as session:
        found = session.scalars(select(Course)).one().created_at
    assert (found, found.tzinfo) == (summer, UTC)
    with pytest.raises(Exception, match="has no time zone"), database.writing() as session:
        session.add(Course(name="x", title="X", created_at=summer.replace(tzinfo=None)))


def test_the_clock_is_about_right(database: Database) -> None:
    """The database's time has a zone."""
    with database.reading() as session:
        assert abs(database.now(session) - datetime.now(UTC)) < timedelta(seconds=60)


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """It sees what was there before."""
    with database.writing() as writer:
        writer.add(Course(name="math", title="Mathematics", created_at=datetime.now(UTC)))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalars(select(Course)).all() == []


def test_sqlite_is_set_up_to_keep_what_was_acknowledged(tmp_path: Path) -> None:
    """WAL, forced to disk, foreign keys held, triggers asked."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.reading() as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in (
            "journal_mode", "synchronous", "busy_timeout", "foreign_keys", "recursive_triggers",
        )}  # fmt: skip
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
    database.close()


def test_a_new_file_is_for_its_owner(tmp_path: Path) -> None:
    """It holds a class's marks. Where there can be none, it is said."""
    database = Database(f"sqlite:///{tmp_path / 'a' / 'x.db'}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE x (a)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "a").iterdir()}
    assert modes == dict.fromkeys(("x.db", "x.db-wal", "x.db-shm"), 0o600)
    database.close()
    with pytest.raises(BadInput, match=r"there can be no database at .*x.db/y.db: "):
        Database(f"sqlite:///{tmp_path / 'a' / 'x.db' / 'y.db'}")


@pytest.mark.services
def test_postgres_writes_before_it_answers(server: str) -> None:
    """Even where the server is set to be fast instead."""
    database = Database(f"{server}/postgres")
    with database.reading() as session:
        assert session.execute(text("SHOW synchronous_commit")).scalar() == "off"
    with database.writing() as session:
        assert session.execute(text("SHOW synchronous_commit")).scalar() == "on"
    database.close()


@pytest.mark.services
def test_a_frozen_writer_does_not_stop_the_others(server: str) -> None:
    """Its transaction is ended, its locks are free, and it is told when it wakes up."""
    frozen, other = (Database(f"{server}/postgres", idle_seconds=0.5) for _ in range(2))
    lock = text("SELECT pg_advisory_xact_lock(1)")
    with pytest.raises(DatabaseUnavailable), frozen.writing() as session:
        session.execute(lock)
        with other.writing() as another:
            another.execute(lock)
        session.execute(text("SELECT 1"))
    frozen.close()
    other.close()


@pytest.mark.services
def test_nobody_waits_for_ever(server: str) -> None:
    """A lock that isn't given in time is a database that is away."""
    first, second = (Database(f"{server}/postgres", busy_seconds=0.2) for _ in range(2))
    lock = text("SELECT pg_advisory_xact_lock(2)")
    with first.writing() as session:
        session.execute(lock)
        with pytest.raises(DatabaseUnavailable, match="lock timeout"), second.writing() as another:
            another.execute(lock)
    first.close()
    second.close()


def test_a_server_that_is_away_is_told_without_its_password() -> None:
    """Where, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    database = Database(f"postgresql://ann:sesame@127.0.0.1:{port}/book")
    with pytest.raises(DatabaseUnavailable) as told, database.writing():
        pass
    assert f"the database postgresql+psycopg://ann:***@127.0.0.1:{port}/book can't be used: " in str(told.value)
    assert "sesame" not in str(told.value)


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "/some/file.db", "nonsense://"])
def test_another_database_s_url_is_refused(url: str) -> None:
    """With the forms that can be used; without the URL, which may hold a password."""
    with pytest.raises(BadInput) as told:
        parse(url)
    assert str(told.value) == (
        "that is no URL of a database that the gradebook can use (sqlite:////folder/file.db or postgresql://…)"
    )


def test_the_driver_is_ours() -> None:
    """psycopg 3, by every usual spelling."""
    urls = ("postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d")
    assert {parse(url).drivername for url in urls} == {"postgresql+psycopg"}
