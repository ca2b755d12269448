"""What the routes work with: one object for the database, the blobs, the content and the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from grader.accounts.passwords import Passwords
from grader.course.tree import Course
from grader.gradebook.blobs import Blobs
from grader.gradebook.database import Database
from grader.server.events import Watch
from grader.server.limits import Limits
from grader.server.settings import Settings
from grader.server.shown import Shown


@dataclass
class Service:
    """The parts of a running service."""

    database: Database
    blobs: Blobs
    content: Course
    settings: Settings = field(default_factory=Settings)
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.limits = Limits(self.settings)
        self.shown = Shown(self.content)
        self.watch = Watch(self.database, self.shown, self.settings)

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, datetime]]:
        """A transaction, and the database's time."""
        with self.database.writing() as session:
            yield session, self.database.now(session)

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, datetime]]:
        """A transaction that changes nothing, and the database's time."""
        with self.database.reading() as session:
            yield session, self.database.now(session)


def of(request: Request) -> Service:
    """The service that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


Here = Annotated[Service, Depends(of)]
