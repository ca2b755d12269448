"""What was handed in, and what was said of it: rows are added, none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook import outbox, roster
from grader.gradebook.late import accepts
from grader.gradebook.score import Given, charged
from grader.gradebook.tables import (
    Assignment,
    Attempt,
    Comment,
    Enrolment,
    Job,
    Mark,
    Person,
    Receipt,
    Release,
    Reveal,
    Submission,
)  # fmt: skip
from grader.result import Result


@dataclass(frozen=True)
class HandedIn:
    """That something was accepted: the receipt is what its person is told."""

    submission: Submission
    receipt: Receipt
    repeated: bool
    """Whether this very request was answered before."""


def hand_in(
    session: Session, now: datetime, asked: Assignment, person: Person, sha256: str, blob: str, key: str | None = None
) -> HandedIn:
    """Accept a content whose blob is kept already. The same `key` again gives the same receipt; the same content again is
    the same submission.

    Raises BadInput when the person is not in the course, the assignment takes nothing now, or they have no submission left.
    """
    lock = select(Enrolment).where(Enrolment.course_id == asked.course_id, Enrolment.person_id == person.id)
    if session.scalar(lock.with_for_update()) is None:
        raise BadInput(f"{person.name} is not in this course", "ask whoever teaches it")
    if key is not None:
        before = answered(session, person, key)
        if before is not None:
            return HandedIn(_of(session, before, asked, sha256), before, repeated=True)
    may(session, now, asked, person)
    known = select(Submission).where(
        Submission.assignment_id == asked.id, Submission.person_id == person.id, Submission.sha256 == sha256
    )
    submission = session.scalar(known)
    if submission is None:
        if left(session, asked, person) == 0:
            raise BadInput(f"all {asked.max_submissions} submissions of {asked.name} are used", "ask whoever teaches it")
        submission = Submission(assignment_id=asked.id, person_id=person.id, sha256=sha256, blob=blob, created_at=now)
        session.add(submission)
        session.flush()
    receipt = Receipt(submission_id=submission.id, person_id=person.id, idempotency_key=key, received_at=now)
    session.add(receipt)
    session.flush()
    return HandedIn(submission, receipt, repeated=False)


def answered(session: Session, person: Person, key: str) -> Receipt | None:
    """The receipt that a person's request with this key got already."""
    return session.scalar(select(Receipt).where(Receipt.person_id == person.id, Receipt.idempotency_key == key))


def may(session: Session, now: datetime, asked: Assignment, person: Person) -> None:
    """Raise BadInput unless the assignment takes work of this person now."""
    why_not = accepts(roster.dates(session, asked, person.id), roster.late_policy(asked), now)
    if why_not:
        raise BadInput(f"assignment {asked.name} takes nothing now: {why_not}", "ask whoever teaches the course")


def one_try(asked: Assignment) -> bool:
    """Whether nobody can answer again: then a quiz's feedback may tell what is right."""
    return asked.max_submissions == 1


def left(session: Session, asked: Assignment, person: Person) -> int | None:
    """How many submissions the person has left; None without a limit. What failed through our fault costs none."""
    verdict = exists().where(Attempt.submission_id == Submission.id, ~Attempt.ours)
    pending = exists().where(Job.submission_id == Submission.id, Job.state != "dead")
    mine = select(verdict, pending).where(Submission.assignment_id == asked.id, Submission.person_id == person.id)
    states = ["graded" if judged else "waiting" if waits else "ours" for judged, waits in session.execute(mine)]
    return charged(states, asked.max_submissions)


def record(session: Session, now: datetime, job: Job, worker: str, image: str, result: Result) -> Attempt:
    """Add the attempt that a job's run came to. The first verdict on a submission is released at once where its assignment
    says so; a regrade's waits until somebody has seen the difference."""
    last, verdicts = session.execute(
        select(func.max(Attempt.number), func.count(Attempt.id).filter(~Attempt.ours)).where(
            Attempt.submission_id == job.submission_id
        )
    ).one()
    attempt = Attempt(
        submission_id=job.submission_id, number=(last or 0) + 1, job_id=job.id, token=job.token, worker=worker,
        lab_version=result.lab_version, image=image, outcome=result.outcome, ours=result.ours, earned=result.earned,
        possible=result.possible, result=result.json_line(), requested_by=job.requested_by, reason=job.reason, created_at=now,
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    if not result.ours:
        outbox.tell(session, now, outbox.GRADED, attempt)
        if not verdicts and _assignment(session, job.submission_id).released_at_once:
            release(session, now, attempt, None)
    return attempt


def release(session: Session, now: datetime, attempt: Attempt, by: Person | None) -> Release:
    """Show an attempt to its student, and count it, from now on. Raises BadInput for one that failed through our fault."""
    if attempt.ours:
        raise BadInput(f"attempt {attempt.number} failed through our fault", "there is nothing to release")
    found = session.scalar(select(Release).where(Release.attempt_id == attempt.id))
    if found is None:
        found = Release(attempt_id=attempt.id, released_by=by.id if by else None, created_at=now)
        session.add(found)
        session.flush()
        outbox.tell(session, now, outbox.RELEASED, attempt)
    return found


def release_all(session: Session, now: datetime, asked: Assignment, by: Person) -> int:
    """Release the last verdict on each submission of an assignment; returns how many were not shown before."""
    released = 0
    for number in session.scalars(select(Submission.id).where(Submission.assignment_id == asked.id).order_by(Submission.id)):
        verdict, shown = effective(session, number, released=False), effective(session, number)
        if verdict is not None and (shown is None or shown.id != verdict.id):
            release(session, now, verdict, by)
            released += 1
    return released


def reveal(session: Session, now: datetime, asked: Assignment, by: Person) -> Reveal:
    """Show an assignment's hidden checks to its students, in every result that is released."""
    row = Reveal(assignment_id=asked.id, revealed_by=by.id, created_at=now)
    session.add(row)
    session.flush()
    return row


def revealed(session: Session, asked: Assignment) -> bool:
    """Whether an assignment's hidden checks are shown."""
    return session.scalar(select(Reveal.id).where(Reveal.assignment_id == asked.id).limit(1)) is not None


def attempts(session: Session, submission_id: int) -> Sequence[Attempt]:
    """All attempts at a submission, in order."""
    return session.scalars(select(Attempt).where(Attempt.submission_id == submission_id).order_by(Attempt.number)).all()


def effective(session: Session, submission_id: int, released: bool = True) -> Attempt | None:
    """The attempt that counts: the last one released, or (`released` false, for who teaches) the last verdict there is."""
    query = select(Attempt).where(Attempt.submission_id == submission_id, ~Attempt.ours)
    if released:
        query = query.join(Release).order_by(Release.id.desc())
    return session.scalar(query.order_by(Attempt.number.desc()).limit(1))


def mark(
    session: Session, now: datetime, submission: Submission, check: str, points: float | None, reason: str, by: Person
) -> Mark:
    """Give points by hand for a check, or ("") on top of the sum; None takes it back. Raises BadInput without a reason, and
    for a check that the effective result doesn't have."""
    if not reason.strip():
        raise BadInput("a mark needs a reason", "say why")
    found = effective(session, submission.id, released=False)
    known = [c.id for c in Result.model_validate_json(found.result).checks] if found else []
    if check and check not in known:
        raise BadInput(
            f"the submission's result has no check {check}", f"known: {', '.join(known) or 'none, it is not graded'}"
        )
    row = Mark(submission_id=submission.id, check=check, points=points, reason=reason, given_by=by.id, created_at=now)
    session.add(row)
    session.flush()
    return row


def the_submission(session: Session, asked: Assignment, person: Person, number: int | None = None) -> Submission:
    """What a person handed in for an assignment: the one of this number, or the only one. Raises BadInput when there is none,
    and when there are several and no number: which one is meant is not for us to guess."""
    mine = select(Submission).where(Submission.assignment_id == asked.id, Submission.person_id == person.id)
    found = session.scalars(mine.order_by(Submission.id)).all()
    chosen = [submission for submission in found if number in (None, submission.id)]
    if len(chosen) == 1:
        return chosen[0]
    known = f"{person.name} handed in for {asked.name}: {', '.join(f'submission {s.id}' for s in found) or 'nothing'}"
    raise BadInput(known if number is None else f"submission {number} is not among them: {known}", "say which submission")


def marks(session: Session, submission_id: int) -> tuple[Given, ...]:
    """Marks given by hand, in the order of giving."""
    found = session.scalars(select(Mark).where(Mark.submission_id == submission_id).order_by(Mark.id))
    return tuple(Given(m.check, m.points) for m in found)


def comment(session: Session, now: datetime, submission: Submission, words: str, by: Person, check: str = "") -> Comment:
    """Say something of a submission. Raises BadInput for nothing."""
    if not words.strip():
        raise BadInput("the comment is empty", "write something")
    row = Comment(submission_id=submission.id, check=check, words=words, written_by=by.id, created_at=now)
    session.add(row)
    session.flush()
    return row


def _of(session: Session, receipt: Receipt, asked: Assignment, sha256: str) -> Submission:
    """The submission of a repeated request. Raises BadInput when the key was used for something else."""
    submission = session.get_one(Submission, receipt.submission_id)
    if (submission.assignment_id, submission.sha256) != (asked.id, sha256):
        raise BadInput("this idempotency key was used for another submission", "use a new key for each")
    return submission


def _assignment(session: Session, submission_id: int) -> Assignment:
    return session.get_one(Assignment, session.get_one(Submission, submission_id).assignment_id)
