"""Who is in a course: the list, one more, many from a CSV file, and sign-in links."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from grader.accounts.identity import Who
from grader.accounts.rules import RANK, may_appoint
from grader.api.objects import Enrol
from grader.errors import BadInput
from grader.gradebook.roster import NAME
from grader.server import access
from grader.server.ids import AfterName, CourseName, PersonName
from grader.server.problem import Forbidden
from grader.server.routes import courses
from grader.server.service import Here, Service
from grader.server.who import Known
from grader.web.forms import Form, fill, only
from grader.web.pages.courses import COURSE, can
from grader.web.render import page, then

router = APIRouter()
COLUMNS = ("name", "full_name", "email", "role")
MOST = 2000
HOW = f"a CSV file with the columns {', '.join(COLUMNS)}; all but the first may be missing"


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
async def enrol_many(service: Here, request: Request, who: Known, course: CourseName) -> Response:
    """All of a CSV file, after all of it was found to be usable."""
    await run_in_threadpool(_demand_teacher, service, who, course)
    sent = (await request.form()).get("list")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    number = await run_in_threadpool(_enrol_all, service, who, course, content)
    return then("courses", course, "people", done="enrolled", number=number)


@router.post(f"{COURSE}/people/{{person}}/link")
def link(service: Here, request: Request, who: Known, course: CourseName, person: PersonName, form: Form) -> Response:  # noqa: ARG001  # the button sends nothing but its token
    """A sign-in link, shown this once, and in no address."""
    made = courses.sign_in_link(service, who, course, person)
    return _shown(service, request, who, course, "", person, made.link)


def parse(content: bytes) -> list[tuple[str, Enrol]]:
    """The people of a CSV file, by name. Raises BadInput with the line of what can't be used."""
    try:
        text = content.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
        found = list[tuple[str, Enrol]]()
        if "name" not in (rows.fieldnames or ()) or not set(rows.fieldnames or ()) <= set(COLUMNS):
            raise BadInput("the file's first line does not name its columns", HOW)
        for row in rows:
            if len(found) >= MOST or "" in row:
                raise BadInput(f"line {rows.line_num}: too many people, or too many columns", HOW)
            given = {column: value.strip() for column, value in row.items() if value and value.strip()}
            name = given.pop("name", "")
            _demand_name(name, f"line {rows.line_num}")
            try:
                found.append((name, fill(Enrol, given)))
            except BadInput as wrong:
                raise BadInput(f"line {rows.line_num}: {wrong.message}", HOW) from None
    except (UnicodeDecodeError, csv.Error):
        raise BadInput("the file is no CSV file in UTF-8", HOW) from None
    if not found:
        raise BadInput("nobody is in the file", HOW)
    return found


def _demand_name(name: str, where: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(f"{where}: {name[:80]!r} can't be a name", "letters, digits, and . @ + - _ or spaces, at most 64")


def _demand_teacher(service: Service, who: Who, course: str) -> None:
    with service.reading() as (session, _):
        access.course(session, who, course, "manage_people")


def _enrol_all(service: Service, who: Who, course: str, content: bytes) -> int:
    found = parse(content)
    with service.reading() as (session, _):
        role = access.role(who, access.course(session, who, course, "manage_people").id)
    for name, asked in found:
        if not may_appoint(role, None, asked.role):
            raise Forbidden(f"you may not give the role of {asked.role} here ({name})", "ask an admin of the course")
    for number, (name, asked) in enumerate(found):
        try:
            courses.enrol(service, who, course, name, asked)
        except (BadInput, Forbidden) as wrong:
            raise type(wrong)(f"{name}: {wrong.message}; {number} people before are in the course", wrong.next_step) from None
    return len(found)


def _shown(service: Service, request: Request, who: Who, course: str, after: str, person: str = "", link: str = "") -> Response:
    of, found = courses.show_course(service, who, course), courses.people(service, who, course, after, 100)
    roles = [role for role in RANK if may_appoint(of.role, None, role)]
    return page(request, "people.html", course=of, can=can(of), found=found, roles=roles, person=person, link=link)
