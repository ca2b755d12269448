"""A quiz in the browser: a page a question, an overview of one's answers, and handing them in. Each answer is kept when its
page is sent, so that one can stop at any time; what is right is on no page before the result is."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from grader.accounts.identity import Who
from grader.api.assignments import DraftAnswer, DraftShown
from grader.errors import BadInput
from grader.quiz.handed_in import Answers
from grader.quiz.sheet import Paper, Sheet
from grader.server.ids import AssignmentName, CourseName
from grader.server.problem import NotFound, of
from grader.server.routes import courses, quizzes, submissions
from grader.server.service import Here, Service
from grader.server.uploads import Uploads
from grader.server.who import Known
from grader.web import answers
from grader.web.forms import Form, fill
from grader.web.pages.courses import ASKED, can
from grader.web.render import page, then

router = APIRouter()
QUIZ = f"{ASKED}/quiz"
Number = Annotated[int, Path(ge=1, le=10_000)]


async def _several(request: Request, who: Known) -> Mapping[str, Sequence[str]]:  # noqa: ARG001  # who asks is known before the form is read
    """All values of each field of a form."""
    sent = await request.form()
    return {name: [value for value in sent.getlist(name) if isinstance(value, str)] for name in sent}


Several = Annotated[Mapping[str, Sequence[str]], Depends(_several)]


@router.get(QUIZ)
def overview(service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName) -> Response:
    """All questions with one's answers so far, where to go on, and handing in."""
    sheet, draft = _both(service, who, course, assignment)
    of_course, asked = courses.show_course(service, who, course), courses.show_assignment(service, who, course, assignment)
    rows = [(n, one, draft.answers.get(one.id)) for n, one in enumerate(sheet.questions, 1)]
    return page(
        request, "quiz.html", course=of_course, can=can(of_course), asked=asked, sheet=sheet, rows=rows,
        waiting=[n for n, _, given in rows if given is None], key=secrets.token_hex(16),
        earlier=_earlier(service, who, course, assignment, draft),
    )  # fmt: skip


@router.post(QUIZ)
async def hand_in(request: Request, who: Known, course: CourseName, assignment: AssignmentName, form: Form) -> Response:
    """Hand in the answers that are kept, by the same way in as a document of answers."""
    service, uploads = request.app.state.service, request.app.state.uploads
    assert isinstance(service, Service) and isinstance(uploads, Uploads)
    draft = await run_in_threadpool(quizzes.show_draft, service, who, course, assignment)
    if not draft.answers:
        raise BadInput("no question has an answer yet", "go back and answer one")
    accepted = await uploads.take(who, course, assignment, _whole(quizzes.document(draft)), form.get("key"))
    return then("submissions", accepted.submission, done="handed-in", number=accepted.receipt)


@router.get(f"{QUIZ}/{{number}}")
def question(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, number: Number
) -> Response:
    """A question, with one's answer to it so far."""
    sheet, draft = _both(service, who, course, assignment)
    shown = _the(sheet, number)
    filled = answers.filled(shown, draft.answers.get(shown.id))
    return _asked(service, request, who, (course, assignment), (sheet, draft), number, filled)


@router.post(f"{QUIZ}/{{number}}")
def answer(
    service: Here, request: Request, who: Known, course: CourseName, assignment: AssignmentName, number: Number, given: Several
) -> Response:
    """Keep the answer, or take it back, and go on to the next question without one. What is no answer is told on the page."""
    sheet, draft = _both(service, who, course, assignment)
    shown = _the(sheet, number)
    try:
        if "take_back" in given:
            quizzes.keep_answer(service, who, course, assignment, shown.id, DraftAnswer(answer=None))
            return then("courses", course, "assignments", assignment, "quiz", number, done="taken-back")
        asked = fill(DraftAnswer, {"answer": answers.typed(shown, given)})
        kept = quizzes.keep_answer(service, who, course, assignment, shown.id, asked)
    except BadInput as wrong:
        sent = {name: values[0] for name, values in given.items() if values}
        chosen = {f"{answers.FIELD}-{letter}": letter for letter in given.get(answers.FIELD, ())}
        words = f"{wrong.message.removeprefix(f'question {shown.id}: ')}: {wrong.next_step}"
        return _asked(
            service, request, who, (course, assignment), (sheet, draft), number, sent | chosen, words, of(wrong).status
        )  # fmt: skip
    rest = [n for n, one in enumerate(sheet.questions, 1) if one.id not in kept.answers]
    following = next((n for n in rest if n > number), rest[0] if rest else None)
    return then("courses", course, "assignments", assignment, "quiz", *([following] if following else ()), done="kept")


def _asked(
    service: Service, request: Request, who: Who, where: tuple[str, str], known: tuple[Paper, DraftShown], number: int,
    filled: Mapping[str, str], problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    (course, assignment), (sheet, draft) = where, known
    shown = _the(sheet, number)
    return page(
        request, "question.html", status, course=courses.show_course(service, who, course), name=assignment, sheet=sheet,
        question=shown, number=number, filled=filled, problem=problem, kept=shown.id in draft.answers,
        answered=len(draft.answers), lines=shown.code.rstrip("\n").splitlines(),
    )  # fmt: skip


def _both(service: Service, who: Who, course: str, assignment: str) -> tuple[Paper, DraftShown]:
    return (
        quizzes.show_sheet(service, who, course, assignment),
        quizzes.show_draft(service, who, course, assignment),
    )  # fmt: skip


def _the(sheet: Paper, number: int) -> Sheet:
    """The question of this number. Raises NotFound."""
    if number > len(sheet.questions):
        raise NotFound("question in this quiz")
    return sheet.questions[number - 1]


def _earlier(service: Service, who: Who, course: str, assignment: str, draft: DraftShown) -> int | None:
    """The submission in which these very answers were handed in."""
    same = Answers.model_validate_json(quizzes.document(draft)).sha256
    found = submissions.list_submissions(service, who, course, assignment, who.name, None, 200).items
    return next((one.submission for one in found if one.sha256 == same), None)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
