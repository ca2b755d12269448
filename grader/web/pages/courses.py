"""Courses, what they ask for, and handing in."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from starlette.datastructures import UploadFile

from grader.accounts.rules import MAY, Action
from grader.api.assignments import AssignmentSet, AssignmentShown
from grader.api.objects import CourseShown, Moved, NewCourse
from grader.api.submissions import ScoreShown, Status
from grader.course.tree import Course as Content
from grader.errors import BadInput
from grader.gradebook.tables import Assignment, Submission
from grader.quiz.catalogue import quizzes
from grader.server import access, statuses
from grader.server.ids import AfterNumber, AssignmentName, CourseName
from grader.server.routes import courses, gradebook, submissions
from grader.server.service import Here
from grader.server.uploads import Uploads
from grader.server.who import Known
from grader.web.forms import Form, fill, only
from grader.web.render import page, then

router = APIRouter()
uploading = APIRouter()
"""Apart, since what it takes may be larger."""
PART = 2**16
COURSE, ASKED = "/courses/{course}", "/courses/{course}/assignments/{assignment}"


def can(course: CourseShown) -> frozenset[Action]:
    """What somebody's role in a course allows: pages offer nothing else. Whether it is done, `access.py` says."""
    return MAY[course.role]


@router.get("/")
def home(service: Here, request: Request, who: Known) -> Response:
    """The courses that one is in."""
    found = courses.list_courses(service, who, limit=200)
    return page(request, "home.html", courses=found.items)


@router.post("/courses")
def make(service: Here, who: Known, form: Form) -> Response:
    """A new course."""
    made = courses.add_course(service, who, fill(NewCourse, only(form, "name", "title")))
    return then("courses", made.name, done="made")


@router.get(COURSE)
def show(service: Here, request: Request, who: Known, course: CourseName) -> Response:
    """What a course asks for, with one's own dates, and (for a student) where one is and what one has."""
    of = courses.show_course(service, who, course)
    asked = courses.list_assignments(service, who, course).items
    scores: Mapping[str, ScoreShown] = {}
    total = None
    if of.role == "student":
        row = gradebook.my_scores(service, who, course)
        scores, total = {score.assignment: score for score in row.scores}, row.total
    return page(
        request, "course.html", course=of, can=can(of), asked=asked, scores=scores, total=total,
        mine=mine(service, who, course), titles={one.name: title(service.content, one) for one in asked},
        contents=_contents(service.content) if "manage_assignments" in can(of) else {},
    )  # fmt: skip


@router.post("/courses/{course}/assignments")
def assign(service: Here, who: Known, course: CourseName, form: Form) -> Response:
    """Ask for a lab, a milestone or a quiz, or set all dates and rules anew."""
    given: dict[str, object] = dict(only(form, "counts", "max_submissions"))
    kind, _, content = form.get("content", "").partition(" ")
    given["quiz" if kind == "quiz" else "lab"] = content
    given |= {name: f"{form[name]}Z" for name in ("opens_at", "due_at", "closes_at") if name in form}
    given |= {"released_at_once": form.get("released_at_once") == "yes"}
    if form.get("late", "none") != "none":
        given["late_policy"] = {"kind": form["late"], **_late(form)}
    name = form.get("name", "")
    courses.assign(service, who, course, name, fill(AssignmentSet, given))
    return then("courses", course, "assignments", name, done="assigned")


@router.get(ASKED)
def show_assignment(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, after: AfterNumber = None
) -> Response:
    """An assignment: its dates, handing in, and what was handed in."""
    of, asked = courses.show_course(service, who, course), courses.show_assignment(service, who, course, assignment)
    found = submissions.list_submissions(service, who, course, assignment, None, after, 50)
    return page(
        request, "assignment.html", course=of, can=can(of), asked=asked, title=title(service.content, asked),
        wanted=wants(service.content, asked.kind, asked.content), submissions=found, key=secrets.token_hex(16),
        most=service.settings.max_upload >> 20,
    )  # fmt: skip


@router.post(f"{ASKED}/extensions")
def extend(service: Here, who: Known, course: CourseName, assignment: AssignmentName, form: Form) -> Response:
    """Other dates for one person."""
    given = only(form, "reason") | {name: f"{form[name]}Z" for name in ("due_at", "closes_at") if name in form}
    courses.extend(service, who, course, assignment, form.get("person", ""), fill(Moved, given))
    return then("courses", course, "assignments", assignment, done="extended")


async def _file(request: Request, who: Known) -> UploadFile | None:  # noqa: ARG001  # who asks is known before the form is read
    sent = (await request.form()).get("work")
    return sent if isinstance(sent, UploadFile) and sent.filename else None


@uploading.post(f"{ASKED}/submissions")
async def hand_in(
    request: Request, who: Known, course: CourseName, assignment: AssignmentName, form: Form,
    sent: Annotated[UploadFile | None, Depends(_file)],
) -> Response:  # fmt: skip
    """Hand in a file. The page's key makes a form that is sent twice one request."""
    uploads: Uploads = request.app.state.uploads
    accepted = await uploads.take(who, course, assignment, _parts(sent), form.get("key"))
    return then("submissions", accepted.submission, done="handed-in", number=accepted.receipt)


async def _parts(sent: UploadFile | None) -> AsyncIterator[bytes]:
    if sent is None:
        raise BadInput("no file was chosen", "go back and choose the notebook, a zip file, or what `mlops submit` made")
    while part := await sent.read(PART):
        yield part


def title(content: Content, asked: AssignmentShown) -> str:
    """The title of what is asked for; where the content doesn't have it (any more), its id."""
    return _title(content, asked.kind, asked.content)


def wants(content: Content, kind: str, name: str) -> str:
    """What a file for an assignment may be; "" where no file is handed in."""
    if kind not in ("lab", "milestone"):
        return ""
    try:
        lab = content.lab(name)
    except BadInput:
        return ""
    notebook = "" if lab.spec.work is not None else f"the notebook {lab.id}.ipynb, "
    return f"{notebook}what mlops submit made, or a zip file of your folder"


@lru_cache(maxsize=1024)
def _title(content: Content, kind: str, one: str) -> str:
    try:
        return f"Quiz: {content.quiz(one).title}" if kind == "quiz" else content.lab(one).spec.title
    except BadInput:
        return one


@lru_cache(maxsize=8)
def _contents(content: Content) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """What can be asked for, by kind: ids and titles."""
    return {
        "lab": tuple((lab.id, lab.spec.title) for lab in content.labs()),
        "milestone": tuple((one.id, one.spec.title) for one in content.milestones()),
        "quiz": tuple((quiz.id, quiz.title) for quiz in quizzes(content)),
    }


def _late(form: Mapping[str, str]) -> dict[str, str]:
    """The numbers that a late policy takes."""
    wanted = {"per_day": ("percent", "floor"), "grace_budget": ("days", "percent")}
    return only(form, *wanted.get(form["late"], ()))


def mine(service: Here, who: Known, course: str) -> Mapping[str, Status]:
    """One's last submission for each assignment that one handed something in for."""
    with service.reading() as (session, _):
        of = access.course(session, who, course, "see_own")
        last = select(func.max(Submission.id)).join(Assignment, Assignment.id == Submission.assignment_id)
        last = last.where(Assignment.course_id == of.id, Submission.person_id == who.person)
        facts = statuses.facts(session, session.scalars(last.group_by(Submission.assignment_id)).all())
    return {one.asked.name: statuses.status(who, service.shown, one) for one in facts.values()}
