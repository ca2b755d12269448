"""A class as small as a class can be, and results for it, without grading anything."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from grader.gradebook import roster, work
from grader.gradebook.database import Database
from grader.gradebook.late import Dates, LatePolicy
from grader.gradebook.tables import Assignment, Job, Person, Submission
from grader.queue import jobs
from grader.queue.queue import Lease, Queue
from grader.queue.rules import LEARNER_WAITS
from grader.result import CheckResult, Result
from grader.spec.sample import Outcome

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAB, VERSION, IMAGE = "01-adding", "version-1", "image-1"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = MONDAY

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


def result(
    earned: dict[str, float] | None = None, outcome: Outcome = "finished", sha256: str = "", version: str = VERSION
) -> Result:
    """A result of the small course's lab: checks `adds` and `means`, worth 60 and 40."""
    points = {"adds": 0.0, "means": 0.0} | (earned or {})
    worth = {"adds": 60.0, "means": 40.0}
    checks = tuple(
        CheckResult(
            id=check, task=check, statement="It holds.", status="passed" if points[check] == worth[check] else "failed",
            earned=points[check], possible=worth[check],
        )
        for check in worth
    )  # fmt: skip
    return Result(
        lab=LAB, lab_version=version, submission="x", student=None, submission_sha256=sha256, outcome=outcome,
        earned=sum(points.values()), possible=100, checks=checks,
    )  # fmt: skip


FULL = {"adds": 60.0, "means": 40.0}


class SmallClass:
    """Course `math` with the teacher `tess`, the students `ann` and `bob`, and the assignment `adding`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock, self.queue = database, clock, Queue(database)
        with database.writing() as session:
            self.course = roster.add_course(session, clock.time, "math", "Mathematics")
            self.tess, self.ann, self.bob = (self.join(session, name) for name in ("tess", "ann", "bob"))
            roster.enrol(session, clock.time, self.course, self.tess, "instructor")
            self.adding = roster.assign(session, clock.time, self.course, "adding", "lab", LAB)

    def join(self, session: Session, name: str) -> Person:
        person = roster.add_person(session, self.clock.time, name)
        roster.enrol(session, self.clock.time, self.course, person, "student")
        return person

    def ask(self, dates: Dates | None = None, late: LatePolicy | None = None, name: str = "adding", **more: Any) -> Assignment:
        """(Re)define an assignment."""
        with self.database.writing() as session:
            asked = roster.assign(session, self.clock.time, self.course, name, "lab", LAB, dates, late, **more)
        if name == "adding":
            self.adding = asked
        return asked

    def hand_in(
        self, person: Person, content: str = "work", asked: Assignment | None = None, key: str | None = None
    ) -> work.HandedIn:
        """Hand in, without a job."""
        sha256 = hashlib.sha256(f"{person.name} {content}".encode()).hexdigest()
        with self.database.writing() as session:
            return work.hand_in(session, self.clock.time, asked or self.adding, person, sha256, "blob", key)

    def enqueue(self, submission: Submission, version: str = VERSION, priority: int = LEARNER_WAITS, **more: Any) -> Job:
        with self.database.writing() as session:
            return jobs.enqueue(session, self.clock.time, submission, LAB, version, IMAGE, priority, **more)

    def wait_for(self, person: Person, content: str = "work", **more: Any) -> Job:
        """Hand in, with a job."""
        return self.enqueue(self.hand_in(person, content).submission, **more)

    def lease(self, worker: str = "w1") -> Lease:
        lease = self.queue.lease(worker)
        assert lease is not None
        return lease

    def graded(self, person: Person, earned: dict[str, float], content: str = "work", asked: Assignment | None = None) -> int:
        """Hand in, lease and complete; the submission's number."""
        submission = self.hand_in(person, content, asked).submission
        self.enqueue(submission)
        self.queue.complete(self.lease(), result(earned), IMAGE)
        return submission.id
