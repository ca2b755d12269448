"""A submission: where it is, what it came to; for who teaches, marks, comments, regrade, release, and what the run left."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select

from grader.accounts.identity import Who
from grader.api.submissions import Feedback, NewComment, NewMark, RegradeOne
from grader.gradebook.tables import Comment
from grader.server import access
from grader.server.ids import Number
from grader.server.problem import Conflict, NotFound
from grader.server.routes import courses, submissions, teaching
from grader.server.service import Here, Service
from grader.server.who import Known
from grader.web.evidence import cells_of
from grader.web.forms import Form, fill, only
from grader.web.pages.courses import can, title
from grader.web.render import page, then

router = APIRouter()
ONE = "/submissions/{submission}"
FOLLOWED = ("waiting", "running")


@router.get(ONE)
def show(service: Here, request: Request, who: Known, submission: Number) -> Response:
    """All that somebody may know of a submission."""
    status = submissions.show_status(service, who, submission)
    of = courses.show_course(service, who, status.course)
    asked = courses.show_assignment(service, who, status.course, status.assignment)
    allowed = can(of) - ({"mark"} if status.student == who.name and of.role != "admin" else set())
    return page(
        request, "submission.html", course=of, can=allowed, status=status, asked=asked,
        title=title(service.content, asked), followed=status.state in FOLLOWED,
        feedback=_feedback(service, who, submission), attempts=submissions.show_attempts(service, who, submission).items,
        earlier=_earlier(service, who) if "mark" in allowed else (), last=_last(service, who, submission),
    )  # fmt: skip


@router.get(f"{ONE}/notebook")
def notebook(service: Here, request: Request, who: Known, submission: Number) -> Response:
    """The executed notebook, where this machine has it, or what was handed in. Shown as words and pictures only."""
    with service.reading() as (session, _):
        row, asked = access.submission(session, who, submission, "see_class")
    status = submissions.show_status(service, who, submission)
    found = cells_of(service, row, asked, status.student, request.app.state.evidence)
    return page(request, "notebook.html", course=courses.show_course(service, who, status.course), status=status, found=found)


@router.post(f"{ONE}/marks")
def mark(service: Here, who: Known, submission: Number, form: Form) -> Response:
    """Points by hand; no points take back what was given."""
    given = only(form, "check", "reason") | {"points": form.get("points")}
    teaching.mark(service, who, submission, fill(NewMark, given))
    return then("submissions", submission, done="marked")


@router.post(f"{ONE}/comments")
def comment(service: Here, who: Known, submission: Number, form: Form) -> Response:
    """Words for the student: new ones, or earlier ones again."""
    words = form.get("words") or form.get("earlier", "")
    teaching.comment(service, who, submission, fill(NewComment, only(form, "check") | {"words": words}))
    return then("submissions", submission, done="commented")


@router.post(f"{ONE}/regrade")
def regrade(service: Here, who: Known, submission: Number, form: Form) -> Response:
    """Grade it again; its student sees nothing of that before it is released."""
    asked = teaching.regrade_one(service, who, submission, fill(RegradeOne, only(form, "reason")))
    return then("submissions", submission, done="regraded", number=asked.waiting)


@router.post(f"{ONE}/release")
def release(service: Here, who: Known, submission: Number, form: Form) -> Response:
    """Show the last verdict to its student, if it is the one that the page showed: `seen` is its number."""
    with service.reading() as (session, _):
        access.submission(session, who, submission, "release")
    if form.get("seen") != str(_last(service, who, submission)):
        raise Conflict("there is another result now than the page showed", "open the page again, and look at what would change")
    return then("submissions", submission, done="released", number=teaching.release_one(service, who, submission).released)


def _feedback(service: Service, who: Who, submission: int) -> Feedback | None:
    try:
        return submissions.show_result(service, who, submission)
    except NotFound:
        return None


def _last(service: Service, who: Who, submission: int) -> int:
    """The number of the last verdict that its student can't see yet; 0 without one."""
    found = [a for a in submissions.show_attempts(service, who, submission).items if not a.outcome.endswith("_failed")]
    return found[-1].number if found and not found[-1].counts else 0


def _earlier(service: Service, who: Who) -> tuple[str, ...]:
    """What somebody said before, to say again: the last twenty, each once."""
    with service.reading() as (session, _):
        said = session.scalars(
            select(Comment.words).where(Comment.written_by == who.person).order_by(Comment.id.desc()).limit(200)
        )
        return tuple(dict.fromkeys(said))[:20]
