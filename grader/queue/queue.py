"""The workers' side of the queue: lease a job, keep it, write what came out under the lease's token.

One rule holds it together: whatever takes a job from its holder (another lease, a fault, a hand-back, a retry) raises the
job's token, and a write needs the token that the lease was given. So two workers never both write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from grader.errors import CourseError
from grader.gradebook.database import Database
from grader.gradebook.tables import Attempt, Job, Submission
from grader.gradebook.work import record
from grader.queue.jobs import note
from grader.queue.rules import Rules
from grader.result import Result, printable

LOCK = 0x6C65617365
"""PostgreSQL's advisory lock under which one worker at a time picks a job; SQLite has one writer anyway."""
MAX_FAULT = 2000


class LeaseLost(CourseError):
    """Somebody else has the job, or it is done: what this worker found out about it is not wanted any more."""


@dataclass(frozen=True)
class Lease:
    """A job that a worker may do until the lease ends, and the token under which it may write the result."""

    job: int
    token: int
    worker: str
    submission: int
    lab: str
    created_at: datetime
    leased_at: datetime


class Queue:
    """The queue in a database."""

    def __init__(self, database: Database, rules: Rules | None = None) -> None:
        self.database, self.rules = database, rules or Rules()

    def lease(self, worker: str) -> Lease | None:
        """The next job, if there is one that may be done now. Raises DatabaseUnavailable."""
        with self.database.writing() as session:
            if not self.database.is_sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            now = self.database.now(session)
            self._end_leases(session, now)
            number = session.scalar(_next(now))
            if number is None:
                return None
            job = session.get_one(Job, number, with_for_update=True)
            job.state, job.worker, job.token, job.tries = "leased", worker, job.token + 1, job.tries + 1
            job.leased_until = now + timedelta(seconds=self.rules.lease)
            note(session, now, job, "leased")
            return Lease(job.id, job.token, worker, job.submission_id, job.lab, job.created_at, now)

    def heartbeat(self, leases: Iterable[Lease]) -> list[Lease]:
        """Make the leases last from now on; returns those that are lost. Raises DatabaseUnavailable."""
        lost = []
        with self.database.writing() as session:
            now = self.database.now(session)
            for lease in sorted(leases, key=lambda lease: lease.job):
                job = session.get_one(Job, lease.job, with_for_update=True)
                if job.token == lease.token and job.state == "done":
                    continue  # by this very lease, a moment ago
                if job.token != lease.token or job.state not in ("leased", "waiting"):
                    lost.append(lease)
                    continue
                job.state, job.leased_until = "leased", now + timedelta(seconds=self.rules.lease)
        return lost

    def complete(self, lease: Lease, result: Result, image: str) -> None:
        """Write the result as an attempt, and settle the job: a verdict ends it, our fault brings it back or makes it a
        dead letter. Written once, however often it is called.

        Raises LeaseLost when the job is somebody else's by now, DatabaseUnavailable.
        """
        with self.database.writing() as session:
            session.get_one(Submission, lease.submission, with_for_update=True)  # first, as `enqueue` does: no deadlock
            job = session.get_one(Job, lease.job, with_for_update=True)
            if _written(session, lease):
                return
            _require(job, lease)
            now = self.database.now(session)
            record(session, now, job, lease.worker, image, result)
            if result.ours:
                self._fault(session, now, job, f"{result.outcome}: {result.detail}")
            else:
                job.state, job.finished_at, job.leased_until = "done", now, None
                note(session, now, job, "done", result.outcome)

    def fault(self, lease: Lease, detail: str, final: bool = False) -> None:
        """The job could not be done, through our fault: back to the queue after a while, or a dead letter when it was tried
        often enough, or (`final`) when no other try can help. Raises LeaseLost, DatabaseUnavailable."""
        with self.database.writing() as session:
            job = session.get_one(Job, lease.job, with_for_update=True)
            _require(job, lease)
            self._fault(session, self.database.now(session), job, detail, final)

    def hand_back(self, lease: Lease) -> None:
        """Give the job back undone, as if it had never been leased; does nothing when it is somebody else's by now."""
        with self.database.writing() as session:
            job = session.get_one(Job, lease.job, with_for_update=True)
            if job.token != lease.token or job.state not in ("leased", "waiting"):
                return
            note(session, self.database.now(session), job, "handed_back")
            job.state, job.token, job.tries, job.leased_until = "waiting", job.token + 1, max(job.tries - 1, 0), None

    def unfinished(self) -> int:
        """How many jobs wait or run, those that must wait a while included. Raises DatabaseUnavailable."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(("waiting", "leased")))) or 0

    def _fault(self, session: Session, now: datetime, job: Job, detail: str, final: bool = False) -> None:
        job.fault, job.leased_until = printable(detail)[:MAX_FAULT], None
        if final or job.tries >= self.rules.tries or job.state == "dead":
            job.state, job.finished_at = "dead", now
        else:
            job.state, job.not_before = "waiting", now + timedelta(seconds=self.rules.wait(job.tries))
        note(session, now, job, "dead" if job.state == "dead" else "fault", job.fault)
        job.token += 1

    def _end_leases(self, session: Session, now: datetime) -> None:
        """Jobs of workers that are not heard of any more: back to the queue at once, or dead letters when that happened too
        often (a submission that takes the worker down with it must not take all of them). The token stays until somebody
        else has the job: a worker that was only slow may still write."""
        expired = select(Job).where(Job.state == "leased", Job.leased_until < now).order_by(Job.id).with_for_update()
        for job in session.scalars(expired):
            job.fault = f"worker {job.worker} was not heard of any more"
            job.state = "dead" if job.tries >= self.rules.tries else "waiting"
            job.finished_at = now if job.state == "dead" else None
            note(session, now, job, "dead" if job.state == "dead" else "lease_ended", job.fault)
        session.flush()


def _next(now: datetime) -> Any:
    """The number of the job whose turn it is: by priority; then people take turns (somebody's second job, running ones
    counted, comes after everybody's first); then by age."""
    running = select(Job.person_id, func.count().label("jobs")).where(Job.state == "leased").group_by(Job.person_id).subquery()
    ready = select(Job.person_id, Job.priority, func.min(Job.id).label("job"))
    ready = ready.where(Job.state == "waiting", Job.not_before <= now).group_by(Job.person_id, Job.priority)
    first = ready.subquery()  # whoever's turn it is, it is their first job's: the others need not be sorted
    turn: ColumnElement[int] = func.coalesce(running.c.jobs, 0)
    each = select(first.c.job).outerjoin(running, running.c.person_id == first.c.person_id)
    return each.order_by(first.c.priority, turn, first.c.job).limit(1)


def _require(job: Job, lease: Lease) -> None:
    """Raise LeaseLost unless nobody has had the job since the lease, and it isn't done."""
    if job.token != lease.token or job.state == "done":
        raise LeaseLost(f"job {job.id} is no longer {lease.worker}'s: it is {job.state}, token {job.token}, not {lease.token}")


def _written(session: Session, lease: Lease) -> bool:
    """Whether this very lease's result is there: the answer to an earlier call was lost on its way."""
    return session.scalar(select(Attempt.id).where(Attempt.job_id == lease.job, Attempt.token == lease.token)) is not None
