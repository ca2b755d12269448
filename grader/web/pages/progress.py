"""A student's own progress in a course: points, states, lateness, and what comes next."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from grader.server.ids import CourseName
from grader.server.routes import courses, gradebook
from grader.server.service import Here
from grader.server.who import Known
from grader.web.pages.courses import COURSE, can, mine, title
from grader.web.render import page
from grader.web.standing import standing

router = APIRouter()


@router.get(f"{COURSE}/progress")
def progress(service: Here, request: Request, who: Known, course: CourseName) -> Response:
    """One's own; who is no student has none."""
    row = gradebook.my_scores(service, who, course)
    of, asked = courses.show_course(service, who, course), courses.list_assignments(service, who, course).items
    with service.reading() as (_, now):
        found = standing(now, asked, {score.assignment: score for score in row.scores}, mine(service, who, course))
    return page(
        request, "progress.html", course=of, can=can(of), found=found, now=now,
        titles={one.name: title(service.content, one) for one in asked},
    )  # fmt: skip
