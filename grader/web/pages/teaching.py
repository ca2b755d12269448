"""Who teaches: the class's scores, regrades and what they would change, release, and the queue's dead letters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.api.submissions import Regrade
from grader.gradebook.score import Difference, difference
from grader.gradebook.tables import Assignment, Attempt, Submission
from grader.result import Result
from grader.server import access, statuses
from grader.server.ids import AfterName, AssignmentName, CourseName, Number
from grader.server.problem import Conflict
from grader.server.routes import courses, gradebook, teaching
from grader.server.service import Here
from grader.server.who import Known
from grader.web.forms import Form, fill, only
from grader.web.pages.courses import ASKED, COURSE, can
from grader.web.render import page, then

router = APIRouter()


@dataclass(frozen=True)
class Unreleased:
    """A verdict that its student can't see, and what they see now."""

    submission: int
    attempt: int
    student: str
    before: Result | None
    after: Result
    changed: Difference | None


@router.get(f"{COURSE}/scores")
def scores(
    service: Here, request: Request, who: Known, course: CourseName, unreleased: bool = False, after: AfterName = ""
) -> Response:
    """Every student's score for every assignment."""
    of = courses.show_course(service, who, course)
    found = gradebook.gradebook(service, who, course, unreleased, after, 100)
    return page(request, "scores.html", course=of, can=can(of), found=found, unreleased=unreleased)


@router.get(f"{COURSE}/queue")
def queue(service: Here, request: Request, who: Known, course: CourseName) -> Response:
    """What waits, what failed through our fault, and how runs ended."""
    of, jobs = courses.show_course(service, who, course), teaching.jobs(service, who, course)
    with service.reading() as (session, _):
        outcomes = _outcomes(session, access.course(session, who, course, "see_queue").id)
    return page(request, "queue.html", course=of, can=can(of), jobs=jobs, outcomes=outcomes)


@router.post(f"{COURSE}/queue/{{job}}/retry")
def retry(service: Here, who: Known, course: CourseName, job: Number, form: Form) -> Response:  # noqa: ARG001  # the button sends nothing but its token
    """Let a dead letter be tried again."""
    teaching.retry(service, who, job)
    return then("courses", course, "queue", done="retried")


@router.post(f"{ASKED}/regrade")
def regrade(service: Here, who: Known, course: CourseName, assignment: AssignmentName, form: Form) -> Response:
    """Grade submissions again, behind everybody who waits."""
    given = only(form, "which", "reason") | {"again": form.get("again", "no")}
    asked = teaching.regrade_many(service, who, course, assignment, fill(Regrade, given))
    return then("courses", course, "assignments", assignment, "release", done="regraded", number=asked.waiting)


@router.get(f"{ASKED}/release")
def show_unreleased(service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName) -> Response:
    """What would change for students, before anybody decides that it does."""
    of, asked = courses.show_course(service, who, course), courses.show_assignment(service, who, course, assignment)
    with service.reading() as (session, _):
        found = _unreleased(session, access.assignment(session, who, course, assignment, "release"))
    return page(request, "release.html", course=of, can=can(of), asked=asked, found=found, seen=_digest(found))


@router.post(f"{ASKED}/release")
def release(service: Here, who: Known, course: CourseName, assignment: AssignmentName, form: Form) -> Response:
    """Show every student the last verdict on each of their submissions, if it is what the page showed: `seen` says what."""
    with service.reading() as (session, _):
        now = _digest(_unreleased(session, access.assignment(session, who, course, assignment, "release")))
    if form.get("seen") != now:
        raise Conflict("there are other results now than the page showed", "open the page again, and look at what would change")
    done = teaching.release_all(service, who, course, assignment)
    return then("courses", course, "assignments", assignment, done="released", number=done.released)


@router.post(f"{ASKED}/reveal")
def reveal(service: Here, who: Known, course: CourseName, assignment: AssignmentName, form: Form) -> Response:  # noqa: ARG001  # the button sends nothing but its token
    """Show the assignment's hidden checks."""
    teaching.reveal(service, who, course, assignment)
    return then("courses", course, "assignments", assignment, done="revealed")


def _digest(found: Sequence[Unreleased]) -> str:
    """What stands for a list of verdicts: another list, another text."""
    return hashlib.sha256(" ".join(str(one.attempt) for one in found).encode()).hexdigest()[:16]


def _unreleased(session: Session, asked: Assignment) -> tuple[Unreleased, ...]:
    numbers = session.scalars(select(Submission.id).where(Submission.assignment_id == asked.id).order_by(Submission.id)).all()
    found = []
    for number, one in sorted(statuses.facts(session, numbers).items()):
        if one.verdict is None or (one.released is not None and one.released.id == one.verdict.id):
            continue
        before = Result.model_validate_json(one.released.result) if one.released else None
        after = Result.model_validate_json(one.verdict.result)
        found.append(
            Unreleased(number, one.verdict.id, one.student, before, after, difference(before, after) if before else None)
        )
    return tuple(found)


def _outcomes(session: Session, course: int) -> Mapping[str, int]:
    """How many gradings of a course ended in which way."""
    query = select(Attempt.outcome, func.count()).join(Submission, Submission.id == Attempt.submission_id)
    query = query.join(Assignment, Assignment.id == Submission.assignment_id).where(Assignment.course_id == course)
    return {row[0]: row[1] for row in session.execute(query.group_by(Attempt.outcome).order_by(func.count().desc()))}
