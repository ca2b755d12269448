"""Which submissions of an assignment are alike: for who teaches to look at. No score, release or mark comes from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.api.similarity import Compared, FragmentShown, PairShown, PassageShown, Side, Similarity
from grader.gradebook.tables import Assignment, Person, Submission
from grader.queue.intake import lab_of
from grader.server import access, similar
from grader.server.ids import LARGEST, PREFIX, AssignmentName, CourseName
from grader.server.problem import NotFound
from grader.server.service import Here, Service
from grader.server.similar import Reader
from grader.server.who import Known
from grader.similarity.fragments import Passage, fragments
from grader.similarity.pairs import alike, without_common

router = APIRouter(prefix=PREFIX, tags=["teaching"])
PLACE = "/courses/{course}/assignments/{assignment}/similarity"
THRESHOLD, MOST = 0.5, 200
Threshold = Annotated[float, Query(ge=0.1, le=1, description="The least share of the one's fingerprints in the other.")]
One = Annotated[int, Path(alias="one", ge=1, le=LARGEST)]
Other = Annotated[int, Path(alias="other", ge=1, le=LARGEST)]


@router.get(PLACE)
def similarity(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName,
    threshold: Threshold = THRESHOLD,
) -> Similarity:  # fmt: skip
    """Pairs of students whose last submissions share code that the course did not give them."""
    with service.reading() as (session, _):
        asked = _of_code(service, session, who, course, assignment)
        last = similar.last_ones(session, asked)
    found = _reader(request).fingerprints(service, asked, {one.submission: one.blob for one in last})
    pairs, compared = alike(found, threshold), without_common(found)
    names = {one.submission: one.student for one in last}
    return Similarity(
        threshold=threshold, compared=len(compared), more=max(len(pairs) - MOST, 0),
        left_out=tuple(one.student for one in last if one.submission not in compared),
        pairs=tuple(
            PairShown(
                one=Side(submission=p.one, student=names[p.one], share=p.share_of_one),
                other=Side(submission=p.other, student=names[p.other], share=p.share_of_other), shared=p.shared,
            )
            for p in pairs[:MOST]
        ),
    )  # fmt: skip


@router.get(f"{PLACE}/{{one}}/{{other}}")
def compare(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, one: One, other: Other
) -> Compared:
    """Two submissions of an assignment: the fragments that both have and nobody gave them, the longest first."""
    with service.reading() as (session, _):
        asked = _of_code(service, session, who, course, assignment)
        rows = {number: _submission(session, asked, number) for number in (one, other)}
        names = {number: session.get_one(Person, row.person_id).name for number, row in rows.items()}
        blobs = {last.submission: last.blob for last in similar.last_ones(session, asked)}
    lab, reader = lab_of(service.content, asked), _reader(request)
    # What most of the class have counts here as little as in the list, so that both say the same number.
    everybody = reader.fingerprints(service, asked, blobs | {number: row.blob for number, row in rows.items()})
    rest = without_common(everybody)
    found = {number: rest.get(number, frozenset()) for number in rows}
    shared = len(found[one] & found[other])
    codes = {number: similar.code(service, lab, row.blob) for number, row in rows.items()}

    def side(number: int) -> Side:
        return Side(submission=number, student=names[number], share=round(shared / max(len(found[number]), 1), 4))

    return Compared(
        one=side(one), other=side(other), shared=shared,
        fragments=tuple(
            FragmentShown(one=_passage(f.one), other=_passage(f.other), words=f.words)
            for f in fragments(codes[one], codes[other], reader.given(service, lab))
        ),
    )  # fmt: skip


def _of_code(service: Service, session: Session, who: Who, course: str, assignment: str) -> Assignment:
    """An assignment that code is handed in for. Raises NotFound, Forbidden, BadInput."""
    asked = access.assignment(session, who, course, assignment, "compare")
    lab_of(service.content, asked)
    return asked


def _submission(session: Session, asked: Assignment, number: int) -> Submission:
    row = session.get(Submission, number)
    if row is None or row.assignment_id != asked.id:
        raise NotFound("submission for this assignment")
    return row


def _passage(given: Passage) -> PassageShown:
    return PassageShown(part=given.part, first=given.first, last=given.last, text=given.text)


def _reader(request: Request) -> Reader:
    """The application's one."""
    found = request.app.state.similar
    assert isinstance(found, Reader)
    return found
