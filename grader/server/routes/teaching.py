"""What graders and instructors do with submissions: mark, comment, grade again, release; and the queue's dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.api.submissions import (  # fmt: skip
    CommentShown,
    DeadLetter,
    Jobs,
    MarkShown,
    NewComment,
    NewMark,
    Regrade,
    RegradeOne,
    Regrading,
    Released,
)
from grader.errors import BadInput
from grader.gradebook import work
from grader.gradebook.tables import Assignment, Job, Person, Submission
from grader.queue import jobs as queue
from grader.queue.intake import target_of
from grader.result import Result
from grader.server import access
from grader.server.ids import PREFIX, AssignmentName, CourseName, Number
from grader.server.service import Here, Service
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["teaching"])


@router.post("/submissions/{submission}/marks", status_code=201)
def mark(service: Here, who: Known, submission: Number, asked: NewMark) -> MarkShown:
    """Points by hand, in place of the grader's for a check, or on top of the sum."""
    with service.writing() as (session, now):
        row, _ = access.submission(session, who, submission, "mark")
        by = session.get_one(Person, who.person)
        made = work.mark(session, now, row, asked.check, asked.points, asked.reason, by)
        return MarkShown(
            check=made.check, points=made.points, reason=made.reason, given_by=by.name, created_at=made.created_at
        )  # fmt: skip


@router.post("/submissions/{submission}/comments", status_code=201)
def comment(service: Here, who: Known, submission: Number, asked: NewComment) -> CommentShown:
    """Words for the student; they see them beside the released result."""
    with service.writing() as (session, now):
        row, _ = access.submission(session, who, submission, "mark")
        _demand_check(session, row, asked.check)
        by = session.get_one(Person, who.person)
        made = work.comment(session, now, row, asked.words, by, asked.check)
        return CommentShown(check=made.check, words=made.words, written_by=by.name, created_at=made.created_at)


@router.post("/submissions/{submission}/regrade", status_code=202)
def regrade_one(service: Here, who: Known, submission: Number, asked: RegradeOne) -> Regrading:
    """Grade a submission again. Its student sees nothing of it before it is released."""
    with service.writing() as (session, _):
        row, of = access.submission(session, who, submission, "regrade")
        return regrade(service, session, of, [row], asked.reason, session.get_one(Person, who.person), asked.again)


@router.post("/submissions/{submission}/release")
def release_one(service: Here, who: Known, submission: Number) -> Released:
    """Show the last verdict to its student, and count it, from now on."""
    with service.writing() as (session, now):
        row, _ = access.submission(session, who, submission, "release")
        verdict, shown = work.effective(session, row.id, released=False), work.effective(session, row.id)
        if verdict is None or (shown is not None and shown.id == verdict.id):
            return Released(released=0)
        work.release(session, now, verdict, session.get_one(Person, who.person))
        return Released(released=1)


@router.post("/courses/{course}/assignments/{assignment}/regrade", status_code=202)
def regrade_many(service: Here, who: Known, course: CourseName, assignment: AssignmentName, asked: Regrade) -> Regrading:
    """Grade an assignment's submissions again, behind everybody who waits."""
    with service.writing() as (session, _):
        of = access.assignment(session, who, course, assignment, "regrade")
        chosen = queue.to_regrade(session, of, asked.which)
        return regrade(service, session, of, chosen, asked.reason, session.get_one(Person, who.person), asked.again)


@router.post("/courses/{course}/assignments/{assignment}/release")
def release_all(service: Here, who: Known, course: CourseName, assignment: AssignmentName) -> Released:
    """Show every student the last verdict on each of their submissions, and count it from now on."""
    with service.writing() as (session, now):
        of = access.assignment(session, who, course, assignment, "release")
        return Released(released=work.release_all(session, now, of, session.get_one(Person, who.person)))


@router.post("/courses/{course}/assignments/{assignment}/reveal", status_code=204)
def reveal(service: Here, who: Known, course: CourseName, assignment: AssignmentName) -> None:
    """Show the assignment's hidden checks, in all results that are released. There is no way back."""
    with service.writing() as (session, now):
        of = access.assignment(session, who, course, assignment, "release")
        if not work.revealed(session, of):
            work.reveal(session, now, of, session.get_one(Person, who.person))


@router.get("/courses/{course}/jobs")
def jobs(service: Here, who: Known, course: CourseName) -> Jobs:
    """A course's part of the queue, and its dead letters with what went wrong."""
    with service.reading() as (session, _):
        of = access.course(session, who, course, "see_queue")
        ours = select(Job).join(Submission, Submission.id == Job.submission_id).join(Assignment)
        ours = ours.where(Assignment.course_id == of.id)
        found = ours.subquery()
        counts = session.execute(select(found.c.state, func.count()).group_by(found.c.state))
        depth = {"waiting": 0, "leased": 0, "done": 0, "dead": 0} | {row[0]: row[1] for row in counts}
        dead = session.execute(
            ours.where(Job.state == "dead").add_columns(Assignment.name, Person.name)
            .join(Person, Person.id == Job.person_id).order_by(Job.id).limit(200)
        )  # fmt: skip
        letters = tuple(
            DeadLetter(
                job=job.id, submission=job.submission_id, assignment=asked, student=student, tries=job.tries, fault=job.fault
            )
            for job, asked, student in dead
        )
    return Jobs(depth=depth, dead=letters)


@router.post("/jobs/{job}/retry", status_code=202)
def retry(service: Here, who: Known, job: Number) -> Regrading:
    """Let a dead letter be tried again from the start."""
    with service.writing() as (session, now):
        row = access.job(session, who, job, "regrade")
        queue.retry(session, now, row.id, session.get_one(Person, who.person))
        return Regrading(meant=1, waiting=1)


def regrade(
    service: Service, session: Session, of: Assignment, chosen: Sequence[Submission], reason: str, by: Person, again: bool
) -> Regrading:
    """Enqueue submissions of an assignment again."""
    target, now = target_of(service.content, of), service.database.now(session)
    made = queue.regrade(session, now, chosen, target.id, target.version, target.image, reason, by, again)
    return Regrading(meant=len(chosen), waiting=sum(job.state in ("waiting", "leased") for job in made))


def _demand_check(session: Session, row: Submission, check: str) -> None:
    """Raise BadInput for a check that the last verdict doesn't have."""
    found = work.effective(session, row.id, released=False)
    known = [c.id for c in Result.model_validate_json(found.result).checks] if found else []
    if check and check not in known:
        raise BadInput(f"the submission's result has no check {check}", f"known: {', '.join(known) or 'none'}")
