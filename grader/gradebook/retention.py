"""What may be forgotten in time, and what must not be yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grader.gradebook.database import Database
from grader.gradebook.tables import Delivery, Job, Person, Submission


def unfinished(session: Session) -> set[tuple[str, str]]:
    """The submissions that somebody still waits for (dead letters included), as their person's name and their hash: what the
    runs so far left is needed to see what went wrong."""
    query = select(Person.name, Submission.sha256).join(Submission, Submission.person_id == Person.id)
    query = query.join(Job, Job.submission_id == Submission.id).where(Job.state != "done")
    return {(name, sha256) for name, sha256 in session.execute(query)}


def forget_messages(database: Database, before: datetime) -> int:
    """Delete messages that arrived, or were given up, before this time; how many."""
    with database.writing() as session:
        old = select(Delivery.id).where(Delivery.state != "waiting", Delivery.finished_at < before)
        numbers = session.scalars(old).all()
        for start in range(0, len(numbers), 500):
            session.execute(delete(Delivery).where(Delivery.id.in_(numbers[start : start + 500])))
    return len(numbers)
