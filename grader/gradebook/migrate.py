"""The tables' versions: makes an empty database ready, and brings an older one up to this code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from grader.errors import BadInput
from grader.gradebook.database import Database

SCRIPTS = Path(__file__).with_name("migrations")
LOCK = 0x6772616465
"""PostgreSQL's advisory lock under which one process at a time migrates."""


def upgrade(database: Database) -> None:
    """Bring the tables to this code's version, in one transaction. Does nothing where they are."""
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        upgrade_connection(connection, "head")


def upgrade_connection(connection: Connection, version: str) -> None:
    """Bring the tables up to a version, within the caller's transaction."""
    command.upgrade(_config(connection), version)


def current(connection: Connection) -> str | None:
    """The version of the tables that are there; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def known() -> set[str]:
    """All versions that this code can bring up to its own."""
    return {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}


def require(database: Database) -> None:
    """Raise BadInput unless the tables are those of this code."""
    with database.reading() as session:
        found = current(session.connection())
    if found != head():
        state = "no tables of the gradebook" if found is None else f"tables of version {found}, and this code needs {head()}"
        raise BadInput(f"the database {database} has {state}", "mlops admin init")


def head() -> str:
    """The version of this code's tables."""
    found = ScriptDirectory(str(SCRIPTS)).get_current_head()
    assert found is not None
    return found


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
