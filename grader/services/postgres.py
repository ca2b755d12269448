"""PostgreSQL: a schema and a role for each run."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from grader.backends.protocol import Address
from grader.services.postgres_client import (
    ADMIN,
    DATABASE,
    connect,
    failures_explained,
    reader_of,
    reader_password,
)
from grader.services.postgres_questions import PostgresQuestions
from grader.services.protocol import Grant

if TYPE_CHECKING:
    import psycopg

MAKE_ROLE = "CREATE ROLE {role} LOGIN CONNECTION LIMIT 20"
OPEN = """
ALTER ROLE {owner} LOGIN PASSWORD {password};
ALTER ROLE {reader} LOGIN PASSWORD {reader_password};
ALTER ROLE {owner} SET search_path = {schema};
ALTER ROLE {reader} SET search_path = {schema};
GRANT {owner} TO {reader};
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner};
GRANT CONNECT ON DATABASE {database} TO {reader};
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner};
"""
CLOSE = ("REVOKE CONNECT ON DATABASE {database} FROM {role}", "DROP OWNED BY {role} CASCADE", "DROP ROLE {role}")


class PostgresService:
    """The database server. The namespace is the name of the schema and of the role that owns it.

    `secrets` are the service's own: `admin-password`.
    """

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self._address, self._password = address, secrets["admin-password"]
        self._connection: psycopg.Connection | None = None

    def check(self) -> None:
        """Ask for nothing in particular."""
        with self._admin() as admin:
            admin.execute("SELECT 1")

    def open(self, namespace: str, inside: Address) -> Grant:
        """A schema, the role that owns it and nothing else, and a second role with which the grader reads it."""
        from psycopg import sql

        password = secrets.token_urlsafe(24)
        names = {
            "owner": sql.Identifier(namespace),
            "reader": sql.Identifier(reader_of(namespace)),
            "schema": sql.Identifier(namespace),
            "database": sql.Identifier(DATABASE),
            "password": sql.Literal(password),
            "reader_password": sql.Literal(reader_password(self._password, namespace)),
        }
        with self._admin() as admin, admin.transaction():
            for role in self._missing_roles(admin, namespace):
                admin.execute(sql.SQL(MAKE_ROLE).format(role=sql.Identifier(role)))
            admin.execute(sql.SQL(OPEN).format(**names))
        return Grant(
            variables={
                "PGHOST": inside.host,
                "PGPORT": str(inside.port),
                "PGUSER": namespace,
                "PGPASSWORD": password,
                "PGDATABASE": DATABASE,
            },
            parameters={"schema": namespace},
        )

    def close(self, namespace: str) -> None:
        """Shut both roles out, end their sessions, and drop them with all they own."""
        from psycopg import sql

        roles = [reader_of(namespace), namespace]
        with self._admin() as admin:
            missing = self._missing_roles(admin, namespace)
            present = [role for role in roles if role not in missing]
            for role in present:
                admin.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = ANY(%s)", [present])
            with admin.transaction():
                for role in present:
                    for statement in CLOSE:
                        names = {"role": sql.Identifier(role), "database": sql.Identifier(DATABASE)}
                        admin.execute(sql.SQL(statement).format(**names))

    def questions(self, namespace: str) -> PostgresQuestions:
        """Questions on the namespace's schema."""
        return PostgresQuestions(self._address, namespace, reader_password(self._password, namespace))

    def _missing_roles(self, admin: psycopg.Connection, namespace: str) -> list[str]:
        wanted = [namespace, reader_of(namespace)]
        rows = admin.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [wanted]).fetchall()
        return [role for role in wanted if (role,) not in rows]

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        """The administrator's connection, kept between calls and made anew when the server was restarted."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = connect(self._address, ADMIN, self._password)
        try:
            with failures_explained(self._address):
                yield self._connection
        finally:
            if self._connection.broken:
                self._connection = None
