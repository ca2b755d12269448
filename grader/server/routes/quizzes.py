"""A quiz that is answered at the service: each answer is kept as it is given, and nothing of it is marked before it is
handed in, by the same way in as all else."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.accounts.rules import Action
from grader.api.assignments import DraftAnswer, DraftShown
from grader.errors import BadInput
from grader.gradebook import drafts, work
from grader.gradebook.drafts import Drafted
from grader.gradebook.tables import Assignment, Person
from grader.quiz import handed_in
from grader.quiz.handed_in import Answers, seed_of
from grader.quiz.sheet import Paper, Sheet, paper
from grader.server import access
from grader.server.ids import PREFIX, AssignmentName, CourseName
from grader.server.problem import NotFound
from grader.server.service import Here, Service
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["quizzes"])
ASKED = "/courses/{course}/assignments/{assignment}"
QuestionName = Annotated[str, Path(alias="question", pattern=r"^[\w-]{1,100}$")]


@router.get(f"{ASKED}/sheet", response_model_exclude_defaults=True)
def show_sheet(service: Here, who: Known, course: CourseName, assignment: AssignmentName) -> Paper:
    """One's own sheet of a quiz, while the assignment takes work: what is handed in must name its seed."""
    with service.reading() as (session, now):
        of = _quiz(session, who, course, assignment, "see_own")
        work.may(session, now, of, session.get_one(Person, who.person))
    return _paper(service, who, course, of)


@router.get(f"{ASKED}/draft")
def show_draft(service: Here, who: Known, course: CourseName, assignment: AssignmentName) -> DraftShown:
    """One's own answers that are kept and not handed in: those to questions that still are what they were."""
    with service.reading() as (session, now):
        of = _quiz(session, who, course, assignment, "see_own")
        work.may(session, now, of, session.get_one(Person, who.person))
        return _draft(service, session, who, course, of)


@router.put(f"{ASKED}/draft/{{question}}")
def keep_answer(
    service: Here, who: Known, course: CourseName, assignment: AssignmentName, question: QuestionName, asked: DraftAnswer
) -> DraftShown:
    """Keep an answer, or take it back. One that could not be handed in is refused now."""
    with service.writing() as (session, now):
        of = _quiz(session, who, course, assignment, "hand_in")
        work.may(session, now, of, session.get_one(Person, who.person))
        shown = next((one for one in _paper(service, who, course, of).questions if one.id == question), None)
        if shown is None:
            raise NotFound("question in this quiz")
        if asked.answer is None:
            drafts.take_back(session, of, who.person, question)
        else:
            alone = Answers(quiz=of.content, seed=seed_of(course, assignment, who.name), answers={question: asked.answer})
            handed_in.check(service.content.quiz(of.content), alone.seed, alone)
            drafts.keep(session, now, of, who.person, question, Drafted(_identity(shown), asked.answer))
        return _draft(service, session, who, course, of)


def document(draft: DraftShown) -> bytes:
    """The answers as they are handed in."""
    return Answers(quiz=draft.quiz, seed=draft.seed, answers=draft.answers).model_dump_json(by_alias=True).encode()


def _draft(service: Service, session: Session, who: Who, course: str, of: Assignment) -> DraftShown:
    sheet, kept = _paper(service, who, course, of), drafts.of_person(session, of, who.person)
    answers = {
        one.id: kept[one.id].answer for one in sheet.questions if one.id in kept and kept[one.id].asked == _identity(one)
    }  # fmt: skip
    return DraftShown(quiz=sheet.quiz, seed=sheet.seed, answers=answers)


def _quiz(session: Session, who: Who, course: str, assignment: str, action: Action) -> Assignment:
    """The assignment, which is a quiz. Raises NotFound, Forbidden, BadInput."""
    of = access.assignment(session, who, course, assignment, action)
    if of.kind != "quiz":
        raise BadInput(f"assignment {assignment} is a {of.kind}", "only a quiz has sheets")
    return of


def _paper(service: Service, who: Who, course: str, of: Assignment) -> Paper:
    return paper(service.content.quiz(of.content), seed_of(course, of.name, who.name))


def _identity(shown: Sheet) -> str:
    """What identifies a question as it was shown: a letter means what stood beside it."""
    return hashlib.sha256(shown.model_dump_json(exclude={"how"}).encode()).hexdigest()
