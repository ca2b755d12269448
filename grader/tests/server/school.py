"""A school on a service: two courses, everybody who may be in one, and work of one student in all its states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2 as httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from grader.accounts import accounts, tokens
from grader.accounts.passwords import Passwords
from grader.accounts.rules import SCOPES, Scope
from grader.course.tree import Course
from grader.gradebook import roster, work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Assignment, Person, Role, Submission
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue.intake import accept
from grader.queue.queue import Queue
from grader.server.app import create_app
from grader.server.service import Service
from grader.server.settings import Settings
from grader.tests.gradebook.small_class import IMAGE, LAB, result
from grader.web.install import install

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As argon2 as the real one, and a thousand times quicker."""
PEOPLE: dict[str, tuple[str, Role]] = {
    "owner": ("math", "student"),
    "fellow": ("math", "student"),
    "grader": ("math", "grader"),
    "instructor": ("math", "instructor"),
    "head": ("math", "admin"),
    "stranger": ("art", "student"),
    "elsewhere": ("art", "instructor"),
}
"""Course and role; `root`, the service's admin, is in none."""
QUIET = {"requests": 10**6, "uploads": 10**6, "sign_in_tries": 10**6, "poll_seconds": 0.02, "events_seconds": 0.2}


class School:
    """Made on a database that has tables and no rows."""

    def __init__(self, database: Database, content: Course, blobs: FolderBlobs, lab: str = LAB, **settings: Any) -> None:
        self.database, self.content, self.blobs, self.lab = database, content, blobs, lab
        self.service = Service(database, blobs, content, Settings(**(QUIET | settings)), Passwords(WEAK))
        self.app: FastAPI = create_app(self.service)
        install(self.app, blobs.root.parent / "evidence")
        self.queue = Queue(database)
        with database.writing() as session:
            self._fill(session, database.now(session))

    def _fill(self, session: Session, now: datetime) -> None:
        courses = {name: roster.add_course(session, now, name, name.title()) for name in ("math", "art")}
        for name, (course, role) in PEOPLE.items():
            roster.enrol(session, now, courses[course], roster.add_person(session, now, name), role)
        accounts.appoint(session, now, roster.add_person(session, now, "root").id)
        for one in courses.values():
            roster.assign(session, now, one, "adding", "lab", self.lab)

    def http(self, who: str | None = None, scopes: tuple[Scope, ...] = SCOPES, **more: Any) -> TestClient:
        """Requests of somebody, by a token."""
        client = TestClient(self.app, raise_server_exceptions=False, **more)
        if who is not None:
            client.headers["Authorization"] = f"Bearer {self.token(who, scopes)}"
        return client

    def token(self, who: str, scopes: tuple[Scope, ...] = SCOPES) -> str:
        with self.database.writing() as session:
            person = roster.person(session, who)
            return tokens.make(session, self.database.now(session), person.id, "test", scopes, timedelta(days=1))[0]

    def person(self, name: str) -> Person:
        with self.database.reading() as session:
            return roster.person(session, name)

    def asked(self, course: str = "math") -> Assignment:
        with self.database.reading() as session:
            return roster.assignment(session, roster.course(session, course), "adding")

    def rules(self, **rules: Any) -> None:
        """Other rules for the assignment."""
        with self.database.writing() as session:
            of = roster.course(session, "math")
            roster.assign(session, self.database.now(session), of, "adding", "lab", self.lab, **rules)

    def bundle(self, words: str = "") -> bytes:
        """The lab's solution, sealed; other words are another content."""
        lab = self.content.lab(self.lab)
        solution = samples.solution(lab)[0]
        return bundle(lab, type(solution)("x", None, solution.notebook + b" " * len(words)))

    def hand_in(self, who: str, words: str = "") -> int:
        """A submission that waits."""
        return accept(self.database, self.blobs, self.content, "math", "adding", who, self.bundle(words)).submission

    def grade(self, earned: dict[str, float], **more: Any) -> None:
        """The next job is done, and comes to this."""
        lease = self.queue.lease("w")
        assert lease is not None
        self.queue.complete(lease, result(earned, **more), IMAGE)

    def kill(self) -> int:
        """The next job becomes a dead letter."""
        lease = self.queue.lease("w")
        assert lease is not None
        self.queue.fault(lease, "a fault of ours", final=True)
        return lease.job

    def said(self, submission: int) -> None:
        """A mark and a comment by hand."""
        with self.database.writing() as session:
            row, now, by = session.get_one(Submission, submission), self.database.now(session), self.person("grader")
            work.mark(session, now, row, "adds", 50, "a small slip", by)
            work.comment(session, now, row, "well done", by)


def ok(answer: httpx.Response, status: int = 200) -> Any:
    """An answer's object."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    return answer.json() if answer.content else None
