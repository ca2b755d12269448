"""Scores: one's own, the whole course's, and as a file."""

from __future__ import annotations

from fastapi import APIRouter, Response

from grader.api.submissions import Gradebook, Row
from grader.server import access, scores
from grader.server.ids import PREFIX, AfterName, CourseName, Limit
from grader.server.service import Here
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["gradebook"])


@router.get("/courses/{course}/scores")
def my_scores(service: Here, who: Known, course: CourseName) -> Row:
    """One's own scores."""
    with service.reading() as (session, _):
        return scores.own(session, who, access.course(session, who, course, "see_own"), service.shown)


@router.get("/courses/{course}/gradebook")
def gradebook(
    service: Here, who: Known, course: CourseName, unreleased: bool = False, after: AfterName = "", limit: Limit = 100
) -> Gradebook:
    """Students' scores; `unreleased` counts results that they can't see yet."""
    with service.reading() as (session, _):
        return scores.page(session, access.course(session, who, course, "see_class"), not unreleased, after, limit)


@router.get("/courses/{course}/gradebook.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export(service: Here, who: Known, course: CourseName, unreleased: bool = False) -> Response:
    """All of it as CSV, one line a student."""
    with service.reading() as (session, _):
        of = access.course(session, who, course, "export")
        text, name = scores.as_csv(session, of, not unreleased), f"course-{of.id}.csv"
    return Response(text, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
