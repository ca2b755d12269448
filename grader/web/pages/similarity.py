"""Which submissions of an assignment are alike: the list, and two of them side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from grader.server.ids import AssignmentName, CourseName
from grader.server.routes import courses, similarity
from grader.server.routes.similarity import THRESHOLD, One, Other
from grader.server.service import Here
from grader.server.who import Known
from grader.similarity.fingerprint import LENGTH, WINDOW
from grader.web.pages.courses import ASKED, can
from grader.web.render import page

router = APIRouter()
PLACE = f"{ASKED}/similarity"
Percent = Annotated[int, Query(ge=10, le=100)]
LEAST = round(THRESHOLD * 100)


@router.get(PLACE)
def alike(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, percent: Percent = LEAST
) -> Response:
    """The pairs, and what their number means."""
    of, asked = courses.show_course(service, who, course), courses.show_assignment(service, who, course, assignment)
    found = similarity.similarity(service, request, who, course, assignment, percent / 100)
    return page(
        request, "similarity.html", course=of, can=can(of), asked=asked, found=found, percent=percent, length=LENGTH,
        sure=LENGTH + WINDOW - 1,
    )  # fmt: skip


@router.get(f"{PLACE}/{{one}}/{{other}}")
def compare(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, one: One, other: Other
) -> Response:
    """Two submissions, fragment by fragment, as words."""
    of, asked = courses.show_course(service, who, course), courses.show_assignment(service, who, course, assignment)
    found = similarity.compare(service, request, who, course, assignment, one, other)
    return page(request, "compared.html", course=of, asked=asked, found=found)
