"""Where submissions are, for many at once: what a page of them shows, and what whoever watches is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.api.submissions import State, Status
from grader.gradebook.tables import Assignment, Attempt, Course, Job, Person, Receipt, Release, Reveal, Submission
from grader.result import Result
from grader.server import access
from grader.server.shown import Shown


@dataclass(frozen=True)
class Facts:
    """What the database says of a submission."""

    submission: Submission
    asked: Assignment
    course: str
    student: str
    received_at: datetime
    job: str | None
    """The state of its last job."""
    ahead: int
    released: Attempt | None
    """The result that counts for its student."""
    verdict: Attempt | None
    """The last one there is."""
    revealed: bool
    """Whether hidden checks are shown."""

    @property
    def state(self) -> State:
        """In a word."""
        if self.released is not None:
            return "released"
        if self.verdict is not None:
            return "graded"
        return "running" if self.job == "leased" else "stuck" if self.job == "dead" else "waiting"


def facts(session: Session, numbers: Sequence[int]) -> dict[int, Facts]:
    """The facts of these submissions, in a handful of queries."""
    first = select(Receipt.submission_id, func.min(Receipt.received_at).label("at")).where(Receipt.submission_id.in_(numbers))
    times = first.group_by(Receipt.submission_id).subquery()
    query = (
        select(Submission, Assignment, Course.name, Person.name, times.c.at)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(Person, Person.id == Submission.person_id)
        .join(times, times.c.submission_id == Submission.id)
    )
    jobs = _last_jobs(session, numbers)
    waiting = {n for n, (_, state) in jobs.items() if state == "waiting"}
    places = _places(session) if waiting else {}
    released, verdicts = _chosen(session, numbers, released=True), _chosen(session, numbers, released=False)
    revealed = set(session.scalars(select(Reveal.assignment_id)))
    return {
        row.id: Facts(
            row, asked, course, student, at, jobs[row.id][1] if row.id in jobs else None,
            places.get(jobs[row.id][0], 0) if row.id in waiting else 0, released.get(row.id), verdicts.get(row.id),
            asked.id in revealed,
        )
        for row, asked, course, student, at in session.execute(query)
    }  # fmt: skip


def status(who: Who, shown: Shown, one: Facts) -> Status:
    """The facts of a submission that somebody may see, as far as they may know them."""
    teaches = access.sees_class(who, one.asked.course_id)
    attempt = one.released or (one.verdict if teaches else None)
    result = None
    if attempt is not None:
        whole = Result.model_validate_json(attempt.result)
        result = whole if teaches else shown.to_student(one.asked, whole, one.revealed)[0]
    return Status(
        submission=one.submission.id, course=one.course, assignment=one.asked.name, student=one.student,
        sha256=one.submission.sha256, received_at=one.received_at, state=one.state, ahead=one.ahead,
        regrading=one.verdict is not None and one.job in ("waiting", "leased"),
        earned=result.earned if result else None, possible=result.possible if result else None,
    )  # fmt: skip


def _last_jobs(session: Session, numbers: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Each submission's last job, with its state."""
    last = select(func.max(Job.id)).where(Job.submission_id.in_(numbers)).group_by(Job.submission_id)
    found = session.execute(select(Job.submission_id, Job.id, Job.state).where(Job.id.in_(last)))
    return {submission: (job, state) for submission, job, state in found}


def _places(session: Session) -> dict[int, int]:
    """How many gradings go before each job that waits: by priority and age. People take turns, so it may be sooner."""
    order = select(Job.id).where(Job.state == "waiting").order_by(Job.priority, Job.id)
    return {job: place for place, job in enumerate(session.scalars(order))}


def _chosen(session: Session, numbers: Sequence[int], released: bool) -> dict[int, Attempt]:
    """Each submission's attempt that counts, as `work.effective` chooses."""
    query: Select[Any] = select(Attempt.id).where(~Attempt.ours, Attempt.submission_id.in_(numbers))
    query = query.join(Release) if released else query
    order = Release.id.desc() if released else Attempt.number.desc()
    place = func.row_number().over(partition_by=Attempt.submission_id, order_by=order).label("place")
    ranked = query.add_columns(place).subquery()
    found = session.scalars(select(Attempt).join(ranked, ranked.c.id == Attempt.id).where(ranked.c.place == 1))
    return {attempt.submission_id: attempt for attempt in found}
