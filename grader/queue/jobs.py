"""What is asked of the queue: a grading, a regrade, another try for a dead letter. Within a caller's session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook.tables import Assignment, Job, JobEvent, Person, Submission
from grader.gradebook.work import attempts, effective
from grader.queue.rules import LEARNER_WAITS, REGRADE

Which = Literal["all", "failed", "ours"]
"""Which submissions of an assignment to grade again: all, those without full marks, those that have no verdict."""


def enqueue(
    session: Session, now: datetime, submission: Submission, lab: str, lab_version: str, image: str,
    priority: int = LEARNER_WAITS, reason: str = "handed in", by: Person | None = None, again: bool = False,
) -> Job:  # fmt: skip
    """The job that grades a submission on this version of the lab and its environment: the one that there is, or a new one.

    `again` asks for another round of what was graded already; what still waits is waited for.
    """
    session.get_one(Submission, submission.id, with_for_update=True)  # two askers at once: the second finds the first's job
    same = (Job.submission_id == submission.id, Job.lab_version == lab_version, Job.image == image)
    last = session.scalar(select(Job).where(*same).order_by(Job.round.desc()).limit(1).with_for_update())
    if last is not None and (last.state in ("waiting", "leased") or not again):
        last.priority = min(last.priority, priority)
        return last
    job = Job(
        submission_id=submission.id, person_id=submission.person_id, lab=lab, lab_version=lab_version, image=image,
        round=last.round + 1 if last else 0, priority=priority, state="waiting", not_before=now,
        requested_by=by.id if by else None, reason=reason, created_at=now,
    )  # fmt: skip
    session.add(job)
    session.flush()
    note(session, now, job, "enqueued", reason, by)
    return job


def regrade(
    session: Session, now: datetime, submissions: Sequence[Submission], lab: str, lab_version: str, image: str, reason: str,
    by: Person, again: bool = False,
) -> list[Job]:  # fmt: skip
    """Have submissions graded again, after everybody who waits. Raises BadInput without a reason."""
    if not reason.strip():
        raise BadInput("a regrade needs a reason", "say why")
    return [enqueue(session, now, s, lab, lab_version, image, REGRADE, reason, by, again) for s in submissions]


def to_regrade(session: Session, asked: Assignment, which: Which) -> list[Submission]:
    """The submissions of an assignment that a regrade is about."""
    query = select(Submission).where(Submission.assignment_id == asked.id).order_by(Submission.id)
    return [s for s in session.scalars(query) if which == "all" or _wanted(session, s, which)]


def _wanted(session: Session, submission: Submission, which: Which) -> bool:
    verdict = effective(session, submission.id, released=False)
    if which == "ours":
        return verdict is None and bool(attempts(session, submission.id))
    return verdict is None or verdict.earned < verdict.possible


def dead(session: Session) -> Sequence[Job]:
    """The dead letters: jobs that wait for a person, with what went wrong in `fault`."""
    return session.scalars(select(Job).where(Job.state == "dead").order_by(Job.id)).all()


def retry(session: Session, now: datetime, number: int, by: Person | None) -> Job:
    """Let a dead letter be tried again from the start. Raises BadInput for a job that isn't one."""
    job = session.get(Job, number, with_for_update=True)
    if job is None or job.state != "dead":
        raise BadInput(f"job {number} is {job.state if job else 'unknown'}, no dead letter", "mlops admin jobs lists them")
    job.state, job.tries, job.token, job.not_before, job.finished_at = "waiting", 0, job.token + 1, now, None
    note(session, now, job, "retried", by=by)
    return job


def depth(session: Session) -> Mapping[str, int]:
    """How many jobs there are, by state."""
    found = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {"waiting": 0, "leased": 0, "done": 0, "dead": 0} | {row[0]: row[1] for row in found}


def note(session: Session, now: datetime, job: Job, what: str, detail: str = "", by: Person | None = None) -> None:
    """Add to a job's history."""
    event = JobEvent(job_id=job.id, what=what, token=job.token, worker=job.worker or "", detail=detail, created_at=now)
    event.by = by.id if by else None
    session.add(event)
