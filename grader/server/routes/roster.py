"""A course's people from a CSV file: all of it, or, where a line can't be used, nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from grader.accounts.identity import Who
from grader.api.objects import Enrol, Enrolled
from grader.errors import BadInput
from grader.gradebook.roster import NAME
from grader.result import printable
from grader.server import access
from grader.server.ids import PREFIX, CourseName
from grader.server.problem import Forbidden, Unusable, WrongField
from grader.server.routes import courses
from grader.server.service import Here, Service
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["courses"])
COLUMNS = ("name", "full_name", "email", "role")
MOST = 2000
HOW = f"a CSV file in UTF-8 with the columns {', '.join(COLUMNS)}; all but the first may be missing"
BODY = {
    "required": True,
    "description": f"{HOW[0].upper()}{HOW[1:]}.",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("text/csv", "application/octet-stream")},
}


def teaching(service: Here, who: Known, course: CourseName) -> str:
    """The course's name, when one may put people in it: asked before the file is read."""
    with service.reading() as (session, _):
        return access.course(session, who, course, "manage_people").name


Teaching = Annotated[str, Depends(teaching)]


@router.post("/courses/{course}/people", openapi_extra={"requestBody": BODY})
async def enrol_many(service: Here, request: Request, who: Known, course: Teaching) -> Enrolled:
    """Put everybody of a CSV file in a course, or give them other roles: all of them, or nobody. Every line that can't be
    used is named in `errors`."""
    return await run_in_threadpool(enrol_all, service, who, course, await request.body())


def enrol_all(service: Service, who: Who, course: str, content: bytes) -> Enrolled:
    """The same, in one transaction. Raises Unusable with all lines that can't be used, NotFound, Forbidden."""
    people, wrong = parse(content)
    with service.writing() as (session, now):
        of = access.course(session, who, course, "manage_people")
        for line, name, asked in people:
            try:
                courses.enrolled(session, now, who, of, name, asked)
            except (BadInput, Forbidden) as error:
                wrong.append(_wrong(line, f"{name}: {error.message} ({error.next_step})"))
        if wrong:
            raise _unusable(wrong)
    return Enrolled(number=len(people))


def parse(content: bytes) -> tuple[list[tuple[int, str, Enrol]], list[WrongField]]:
    """The people of a CSV file with their lines, and what is wrong with other lines. Raises Unusable for what is none."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), restkey="", strict=True)
        if "name" not in (rows.fieldnames or ()) or not set(rows.fieldnames or ()) <= set(COLUMNS):
            raise _unusable([_wrong(1, "it does not name its columns")])
        lines = [(rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error):
        raise Unusable("the file is no CSV file in UTF-8", HOW) from None
    if not lines or len(lines) > MOST:
        raise Unusable("nobody is in the file" if not lines else f"the file has more than {MOST} people", HOW)
    found, wrong, seen = list[tuple[int, str, Enrol]](), list[WrongField](), dict[str, int]()
    for line, row in lines:
        given = {column: value.strip() for column, value in row.items() if column and value and value.strip()}
        name = given.pop("name", "")
        wrong += (_wrong(line, words) for words in _complaints(name, row, seen))
        seen[name] = line
        try:
            found.append((line, name, Enrol.model_validate(given)))
        except ValidationError as error:
            wrong += (_wrong(line, f"{'.'.join(map(str, e['loc']))}: {e['msg']}") for e in error.errors())
    bad = {one.where for one in wrong}
    return [one for one in found if f"line {one[0]}" not in bad], wrong


def _complaints(name: str, row: dict[str, str], seen: dict[str, int]) -> Iterator[str]:
    """What is wrong with a line's form and its name."""
    if "" in row:
        yield "it has more columns than the first line"
    if not NAME.fullmatch(name):
        yield f"{name[:80]!r} can't be a name (letters, digits, and . @ + - _ or spaces, at most 64)"
    elif name in seen:
        yield f"{name} is in line {seen[name]} already"


def _wrong(line: int, words: str) -> WrongField:
    return WrongField(where=f"line {line}", message=printable(words))


def _unusable(wrong: list[WrongField]) -> Unusable:
    """All lines that are wrong; the first ones in words."""
    found = sorted(wrong, key=lambda one: int(one.where.removeprefix("line ")))
    told = "; ".join(f"{one.where}: {one.message}" for one in found[:5])
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return Unusable(f"nobody was put in the course: {told}{more}", HOW, found)
