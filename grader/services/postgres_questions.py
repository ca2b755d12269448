"""What a check may ask of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader.backends.protocol import Address
from grader.services.postgres_client import connect, failures_explained, reader_of

SECONDS = 10


class BadQuery(Exception):
    """The database could not answer: a table or column that isn't there, a timeout; the text is its own."""


class PostgresQuestions:
    """Reads one namespace's schema.

    It logs in as a role that can do no more than the namespace's own: a view or an operator that a student made runs
    with the rights of whoever reads it, so the administrator must not.
    """

    def __init__(self, address: Address, namespace: str, password: str) -> None:
        self._address, self.namespace, self._password = address, namespace, password

    def rows(self, sql: str, params: Sequence[Any] = (), cap: int = 1_000) -> list[tuple[Any, ...]]:
        """The rows that `sql` gives in a read-only transaction; names without a schema are the namespace's own.

        Raises BadQuery, ValueError when there are more than `cap` rows, and ServiceFailed.
        """
        import psycopg

        with connect(self._address, reader_of(self.namespace), self._password) as reader:
            reader.read_only = True
            with failures_explained(self._address), reader.transaction():
                try:
                    reader.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
                    found = reader.execute(sql.encode(), params).fetchmany(cap + 1)
                except psycopg.DatabaseError as error:
                    if reader.broken:
                        raise
                    raise BadQuery(str(error).strip()) from error
        if len(found) > cap:
            raise ValueError(f"more than {cap} rows")
        return found
