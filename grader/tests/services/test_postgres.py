"""PostgreSQL: a run reaches its own schema and nothing else, and nothing of it stays."""

from __future__ import annotations

import psycopg
import pytest

from grader.backends.protocol import Address
from grader.errors import ServiceFailed
from grader.services.postgres import PostgresService
from grader.services.postgres_questions import BadQuery
from grader.tests.services.conftest import Namespace
from grader.tests.services.student import connect

pytestmark = pytest.mark.services


def denied(grant_of: Namespace, statement: str) -> bool:
    """Whether the run is refused this statement for want of rights."""
    with connect(grant_of.grants["postgres"]) as session:
        try:
            session.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def test_a_run_uses_its_own_schema(mine: Namespace) -> None:
    """The run's role makes tables in its schema without naming it, and the grader reads their rows."""
    with connect(mine.grants["postgres"]) as session:
        session.execute("CREATE TABLE scores (customer text, score float)")
        session.execute("INSERT INTO scores VALUES ('a', 0.5), ('b', 'NaN')")
        assert session.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'scores'").fetchall() == [(mine.name,)]
    ask = mine.services["postgres"].questions(mine.name)
    assert ask.rows("SELECT customer FROM scores WHERE score = %s", [0.5]) == [("a",)]
    assert ask.rows("SELECT count(*) FROM scores") == [(2,)]


def test_what_the_grant_says(mine: Namespace) -> None:
    """libpq's variables, and only the schema's name in the notebook."""
    grant, at = mine.grants["postgres"], mine.running["postgres"].address
    assert dict(grant.parameters) == {"schema": mine.name}
    assert {name: value for name, value in grant.variables.items() if name != "PGPASSWORD"} == {
        "PGHOST": at.host, "PGPORT": str(at.port), "PGUSER": mine.name, "PGDATABASE": "lab",
    }  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT * FROM "{other}".secret',
        'INSERT INTO "{other}".secret VALUES (1)',
        'CREATE TABLE "{other}".x (a int)',
        'DROP SCHEMA "{other}" CASCADE',
        'SET ROLE "{other}"',
        'SET ROLE "{other}.reader"',
        "SET ROLE mlflow",
        "SET ROLE admin",
        "CREATE TABLE public.x (a int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE friend",
        "CREATE DATABASE more",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT passwd FROM pg_shadow",
    ],
)
def test_nothing_else_is_within_reach(mine: Namespace, other: Namespace, statement: str) -> None:
    """Another run's schema, other roles, new places and the server's files are refused."""
    with connect(other.grants["postgres"]) as owner:
        owner.execute("CREATE TABLE secret (a int)")
    assert denied(mine, statement.format(other=other.name))


@pytest.mark.parametrize("database", ["mlflow", "mlflow-auth", "postgres", "template1"])
def test_other_databases_are_closed(mine: Namespace, database: str) -> None:
    """A run connects to the learners' database only, never to MLflow's."""
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(mine.grants["postgres"], dbname=database)


def test_a_password_is_needed(mine: Namespace) -> None:
    """A wrong password, and the administrator's name with the run's, are refused."""
    for change in ({"password": "wrong"}, {"user": "admin"}, {"user": f"{mine.name}.reader"}):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(mine.grants["postgres"], **change)


def test_a_students_function_gains_nothing_from_the_grader(mine: Namespace, other: Namespace) -> None:
    """A view that runs the student's code when the grader reads it has the student's rights, and can't write."""
    with connect(other.grants["postgres"]) as owner:
        owner.execute("CREATE TABLE secret AS SELECT 'theirs' AS word")
    with connect(mine.grants["postgres"]) as session:
        for name, body in (
            ("spy", f'SELECT word FROM "{other.name}".secret'),
            ("climb", "SELECT set_config('role', 'admin', false)"),
            ("write", "INSERT INTO notes VALUES ('x') RETURNING word"),
        ):
            session.execute("CREATE TABLE IF NOT EXISTS notes (word text)")
            session.execute("SET check_function_bodies = off")
            session.execute(f"CREATE FUNCTION {name}() RETURNS text LANGUAGE sql AS $${body}$$".encode())
            session.execute(f"CREATE VIEW see_{name} AS SELECT {name}()".encode())
    ask = mine.services["postgres"].questions(mine.name)
    for name, reason in (("spy", "permission denied"), ("climb", "permission denied"), ("write", "read-only transaction")):
        with pytest.raises(BadQuery, match=reason):
            ask.rows(f"SELECT * FROM see_{name}")


def test_questions_that_fail(mine: Namespace) -> None:
    """A missing table and a query without end are told in the database's words; too many rows are not cut silently."""
    ask = mine.services["postgres"].questions(mine.name)
    with pytest.raises(BadQuery, match='relation "nothing" does not exist'):
        ask.rows("SELECT * FROM nothing")
    with pytest.raises(BadQuery, match="read-only transaction"):
        ask.rows("CREATE TABLE x (a int)")
    with pytest.raises(ValueError, match="more than 10 rows"):
        ask.rows("SELECT * FROM generate_series(1, 11)", cap=10)
    assert ask.rows("SELECT 1 WHERE '50%%' = %s", ["50%"]) == [(1,)]


def test_closing_leaves_nothing(mine: Namespace, postgres: PostgresService) -> None:
    """After a close the password is dead, open sessions are ended, schema and roles are gone, and closing again is nothing."""
    with connect(mine.grants["postgres"]) as session:
        session.execute("CREATE TABLE x (a int)")
        session.execute("SELECT lo_create(0)")
        postgres.close(mine.name)
        postgres.close(mine.name)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(mine.grants["postgres"])
    mine.open()
    with connect(mine.grants["postgres"]) as session:
        tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [mine.name]).fetchall()
        objects = session.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone()
    assert (tables, objects) == ([], (0,))


def test_opening_again_keeps_the_tables(mine: Namespace) -> None:
    """A namespace that is opened again has what it held, under a new password."""
    with connect(mine.grants["postgres"]) as session:
        session.execute("CREATE TABLE x AS SELECT 1 AS a")
    old = mine.grants["postgres"].variables["PGPASSWORD"]
    mine.open()
    with connect(mine.grants["postgres"]) as session:
        assert session.execute("SELECT a FROM x").fetchall() == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(mine.grants["postgres"], password=old)


def test_a_server_that_is_not_there() -> None:
    """A dead server is our fault, told with its address."""
    with pytest.raises(ServiceFailed, match=r"PostgreSQL at 127\.0\.0\.1:9 failed: .*refused"):
        PostgresService(Address("127.0.0.1", 9), {"admin-password": "x"}).check()
