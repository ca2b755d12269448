"""A gradebook of every version that was released is brought up to this one: same tables as a new one, and nothing lost.

`released/VERSION.*.sql` is what such a database was, frozen when it was released: the version's own migration may be edited,
this may not. A new release adds its files: tables of both databases, and a row in each.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from grader.gradebook import accounts, migrate, roster
from grader.gradebook.columns import APPEND_ONLY, Base
from grader.gradebook.database import Database
from grader.gradebook.matrix import matrix
from grader.gradebook.tables import Person

RELEASED = Path(__file__).with_name("released")
VERSIONS = sorted({file.name.partition(".")[0] for file in RELEASED.glob("*.sql")})


def load(database: Database, version: str) -> None:
    """Make what a database of this version was."""
    dialect = "sqlite" if database.is_sqlite else "postgresql"
    script = "".join((RELEASED / f"{version}.{part}.sql").read_text(encoding="utf-8") for part in (dialect, "rows"))
    connection = database.engine.raw_connection()
    try:
        if database.is_sqlite:
            connection.driver_connection.executescript(script)  # type: ignore[union-attr]
        else:
            connection.driver_connection.execute(f"SET LOCAL TIME ZONE 'UTC'; {script}")  # type: ignore[union-attr]
            connection.commit()
    finally:
        connection.close()


def _count(session: Session, table: str) -> int:
    return session.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0


def test_releases_are_known() -> None:
    """This code can bring all of them up."""
    assert set(VERSIONS) <= migrate.known()
    assert "0001" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_released_gradebook_is_brought_up(empty_url: str, version: str) -> None:
    """The tables are those of a new one; every row is still there and means the same; history is still kept."""
    database = Database(empty_url)
    load(database, version)
    with database.reading() as session:
        names = inspect(session.connection()).get_table_names()
        before = {name: _count(session, name) for name in names if name != "alembic_version"}
    assert [name for name, count in before.items() if not count] == []
    migrate.upgrade(database)
    migrate.require(database)
    with database.reading() as session:
        assert accounts.Account.metadata is Base.metadata  # imported, so its tables are among those compared
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert {name: _count(session, name) for name in before} == before
        found = matrix(session, roster.course(session, "math"))
        ann = session.scalars(select(Person).where(Person.name == "ann")).one()
        score = found.scores[ann.id, found.assignments[0].id]
        assert (score.points, score.possible, score.days_late) == (61, 100, 0)
    for table in APPEND_ONLY:
        if table in before:
            with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
                session.execute(text(f'DELETE FROM "{table}"'))
    with database.writing() as session:
        assert roster.add_person(session, database.now(session), "tess").id == 1
    database.close()
