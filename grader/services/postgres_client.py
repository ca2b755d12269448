"""Connections to PostgreSQL, and how its failures are told."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.backends.protocol import Address
from grader.errors import ServiceFailed

if TYPE_CHECKING:
    import psycopg

DATABASE = "lab"
"""The learners' database; MLflow's are others, closed to them."""

ADMIN = "admin"
CONNECT_SECONDS = 5
NEXT_STEP = "see `mlops doctor`; the service's log says more"


def connect(address: Address, user: str, password: str) -> psycopg.Connection:
    """A connection to the learners' database, in autocommit mode. Raises ServiceFailed."""
    import psycopg

    with failures_explained(address):
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=user,
            password=password,
            dbname=DATABASE,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
        )


@contextlib.contextmanager
def failures_explained(address: Address) -> Iterator[None]:
    """Turn what psycopg raises within the block, and no caller handled, into ServiceFailed."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise ServiceFailed(f"PostgreSQL at {address} failed: {str(error).strip()}", NEXT_STEP) from error


def reader_of(namespace: str) -> str:
    """The role with which the grader reads a namespace."""
    return f"{namespace}.reader"


def reader_password(admin_password: str, namespace: str) -> str:
    """The reader's password, which nobody needs to keep: it follows from the administrator's."""
    return hmac.new(admin_password.encode(), namespace.encode(), hashlib.sha256).hexdigest()
