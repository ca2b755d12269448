"""Handing in, and what comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from grader.api.submissions import Attempts, Feedback, Receipt, Status, Submissions
from grader.gradebook.tables import Person, Submission
from grader.server import access, feedback, statuses
from grader.server.ids import PATTERN, PREFIX, AfterNumber, AssignmentName, CourseName, Limit, Number
from grader.server.problem import NotFound
from grader.server.service import Here, Service
from grader.server.uploads import Uploads
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["submissions"])
uploading = APIRouter(prefix=PREFIX, tags=["submissions"])
"""Apart, since what it takes may be larger."""
Key = Annotated[
    str | None,
    Header(pattern=r"^[\x21-\x7e]{8,200}$", description="The same key again is the same request, and gets the same answer."),
]
StudentQuery = Annotated[str | None, Query(pattern=PATTERN, description="Only this student's.")]
PLACE = "/courses/{course}/assignments/{assignment}/submissions"
BODY = {
    "required": True,
    "description": "A bundle that `mlops submit` made, a notebook, a zip file of the work folder, or a quiz's answers as JSON.",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in ("application/octet-stream", "application/zip", "application/x-ipynb+json")
    },
}


def visible(service: Here, who: Known, submission: Number) -> int:
    """A submission's number, when one may see it: asked before a stream begins, whose status can't be taken back."""
    with service.reading() as (session, _):
        return access.submission(session, who, submission, "see_own")[0].id


Visible = Annotated[int, Depends(visible)]


@uploading.post(PLACE, status_code=202, openapi_extra={"requestBody": BODY})
async def upload(
    service: Here, request: Request, response: Response, who: Known, course: CourseName, assignment: AssignmentName,
    idempotency_key: Key = None,
) -> Receipt:  # fmt: skip
    """Hand in. What is acknowledged is kept and will be graded, whatever happens; ask at `Location` what came of it."""
    uploads: Uploads = request.app.state.uploads
    accepted = await uploads.take(who, course, assignment, request.stream(), idempotency_key)
    place = f"{PREFIX}/submissions/{accepted.submission}"
    response.headers["Location"] = place
    return Receipt(
        receipt=accepted.receipt, submission=accepted.submission, repeated=accepted.repeated,
        sha256=await run_in_threadpool(_sha256, service, accepted.submission), status=place, events=f"{place}/events",
    )  # fmt: skip


@router.get(PLACE)
def list_submissions(
    service: Here, who: Known, course: CourseName, assignment: AssignmentName, student: StudentQuery = None,
    after: AfterNumber = None, limit: Limit = 50,
) -> Submissions:  # fmt: skip
    """Submissions for an assignment, the newest first: one's own, or (for who teaches) everybody's, or one student's."""
    with service.reading() as (session, _):
        asked = access.assignment(session, who, course, assignment, "see_own")
        query = select(Submission.id).where(Submission.assignment_id == asked.id)
        if not access.sees_class(who, asked.course_id):
            if student not in (None, who.name):
                raise NotFound("person in this course")
            query = query.where(Submission.person_id == who.person)
        elif student is not None:
            query = query.join(Person).where(Person.name == student)
        if after is not None:
            query = query.where(Submission.id < after)
        numbers = list(session.scalars(query.order_by(Submission.id.desc()).limit(limit + 1)))
        found = statuses.facts(session, numbers[:limit])
    items = tuple(statuses.status(who, service.shown, found[number]) for number in numbers[:limit])
    return Submissions(items=items, next=str(numbers[limit - 1]) if len(numbers) > limit else None)


@router.get("/submissions/{submission}")
def show_status(service: Here, who: Known, submission: Number) -> Status:
    """Where a submission is."""
    with service.reading() as (session, _):
        access.submission(session, who, submission, "see_own")
        found = statuses.facts(session, [submission])
    return statuses.status(who, service.shown, found[submission])


@router.get("/submissions/{submission}/events", response_class=EventSourceResponse)
async def events(service: Here, who: Known, submission: Visible) -> AsyncIterable[ServerSentEvent]:
    """Each change of a submission's status, as server-sent events `status`, until it is final. Connect again for more."""
    async for status in service.watch.follow(who, submission):
        yield ServerSentEvent(data=status, event="status")


@router.get("/submissions/{submission}/result")
def show_result(service: Here, who: Known, submission: Number) -> Feedback:
    """What a submission came to. For its student: once it is released, and without what is hidden."""
    with service.reading() as (session, _):
        row, asked = access.submission(session, who, submission, "see_own")
        return feedback.feedback(session, who, service.shown, row, asked)


@router.get("/submissions/{submission}/attempts")
def show_attempts(service: Here, who: Known, submission: Number) -> Attempts:
    """Every grading of a submission: who asked for it and why, and what changed."""
    with service.reading() as (session, _):
        row, asked = access.submission(session, who, submission, "see_own")
        return feedback.attempts(session, who, service.shown, row, asked)


@router.get("/submissions/{submission}/bundle", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def download(service: Here, who: Known, submission: Number) -> Response:
    """What was handed in, sealed."""
    with service.reading() as (session, _):
        row, _ = access.submission(session, who, submission, "see_own")
    name = f'attachment; filename="submission-{row.id}.zip"'
    return Response(service.blobs.get(row.blob), media_type="application/zip", headers={"Content-Disposition": name})


def _sha256(service: Service, submission: int) -> str:
    with service.reading() as (session, _):
        return session.get_one(Submission, submission).sha256
