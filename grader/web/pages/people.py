"""Who is in a course: the list, one more, many from a CSV file, and sign-in links."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from grader.accounts.identity import Who
from grader.accounts.rules import RANK, may_appoint
from grader.api.objects import Enrol
from grader.errors import BadInput
from grader.gradebook.roster import NAME
from grader.server.ids import AfterName, CourseName, PersonName
from grader.server.routes import courses, roster
from grader.server.service import Here, Service
from grader.server.who import Known
from grader.web.forms import Form, fill, only
from grader.web.pages.courses import COURSE, can
from grader.web.render import page, then

router = APIRouter()


@router.get(f"{COURSE}/people")
def people(service: Here, request: Request, who: Known, course: CourseName, after: AfterName = "") -> Response:
    """The list."""
    return _shown(service, request, who, course, after)


@router.post(f"{COURSE}/people")
def enrol(service: Here, who: Known, course: CourseName, form: Form) -> Response:
    """One more, or another role."""
    name = form.get("name", "").strip()
    _demand_name(name, "the form")
    courses.enrol(service, who, course, name, fill(Enrol, only(form, "role", "full_name", "email")))
    return then("courses", course, "people", done="enrolled", number=1)


@router.post(f"{COURSE}/people/import")
async def enrol_many(service: Here, request: Request, who: Known, course: roster.Teaching) -> Response:
    """All of a CSV file, or nobody."""
    sent = (await request.form()).get("list")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    done = await run_in_threadpool(roster.enrol_all, service, who, course, content)
    return then("courses", course, "people", done="enrolled", number=done.number)


@router.post(f"{COURSE}/people/{{person}}/link")
def link(service: Here, request: Request, who: Known, course: CourseName, person: PersonName, form: Form) -> Response:  # noqa: ARG001  # the button sends nothing but its token
    """A sign-in link, shown this once, and in no address."""
    made = courses.sign_in_link(service, who, course, person)
    return _shown(service, request, who, course, "", person, made.link)


def _demand_name(name: str, where: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(f"{where}: {name[:80]!r} can't be a name", "letters, digits, and . @ + - _ or spaces, at most 64")


def _shown(service: Service, request: Request, who: Who, course: str, after: str, person: str = "", link: str = "") -> Response:
    of, found = courses.show_course(service, who, course), courses.people(service, who, course, after, 100)
    roles = [role for role in RANK if may_appoint(of.role, None, role)]
    return page(request, "people.html", course=of, can=can(of), found=found, roles=roles, person=person, link=link)
