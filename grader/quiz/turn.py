"""A quiz one question at a time, for doors that come back for each: what waits, then what an answer to it earned.

Between two turns nothing is kept but the learner's record. What is shown before an answer is a `Sheet`, which tells nothing.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.course.tree import Course
from grader.errors import BadInput
from grader.quiz.attempt import Attempt, Attempts
from grader.quiz.catalogue import taught_in
from grader.quiz.mark import Verdict, mark
from grader.quiz.sheet import Sheet, sheet
from grader.spec.quiz import Question


class Turn(BaseModel):
    """An attempt, and the question that waits in it; None when all were answered."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal[1] = Field(1, alias="schema")
    quiz: str
    title: str
    attempt: str
    total: int
    answered: int
    right: int
    """Answers without a fault."""
    earned: float
    number: int | None
    """The question's place in the quiz, from 1."""
    question: Sheet | None


def turn(attempts: Attempts, new: bool = False) -> Turn:
    """How the attempt begun last stands, also when it is finished; the first one, or with `new` another one, begins here."""
    attempt, quiz = _attempt(attempts, new), attempts.quiz
    waits = attempt.waiting[0] if attempt.waiting else None
    at = next(((number, one) for number, one in enumerate(quiz.questions, 1) if one.id == waits), None)
    return Turn(
        quiz=quiz.id, title=quiz.title, attempt=attempt.id, total=len(quiz.questions), answered=len(attempt.answers),
        right=attempt.right, earned=attempt.earned, number=at[0] if at else None,
        question=sheet(at[1], attempt.seed) if at else None,
    )  # fmt: skip


def answer(attempts: Attempts, typed: str, question: str | None = None) -> tuple[Attempt, Verdict]:
    """Mark and record an answer to the question that waits; returns the attempt as it was, and the verdict.

    Raises BadInput when nothing waits, or another question than the one named, and Unreadable when it is no answer.
    """
    attempt, asked = _asked(attempts, question)
    verdict = mark(asked, attempt.seed, typed)
    attempts.answered(attempt.id, asked.id, typed, verdict.share)
    after = attempts.look(attempt.id)
    if not after.waiting:
        attempts.finished(after)
    return after, verdict


def skip(attempts: Attempts, question: str | None = None) -> None:
    """Let the question that waits come last. Raises BadInput as `answer` does."""
    attempt, asked = _asked(attempts, question)
    attempts.skipped(attempt.id, asked.id)


def spoken(course: Course, attempts: Attempts, attempt: Attempt, verdict: Verdict) -> dict[str, Any]:
    """The object that `mlops quiz --json` writes for an answered question."""
    place = taught_in(course, attempts.quiz, verdict.cell)
    about = {"schema": 1, "quiz": attempts.quiz.id, "attempt": attempt.id, "seed": attempt.seed}
    return {**about, **verdict.model_dump(), "read": {"notebook": place.notebook, "heading": place.heading}}


def _attempt(attempts: Attempts, new: bool = False) -> Attempt:
    begun = attempts.all()
    if new or not begun:
        return attempts.resume(new=True)
    if not begun[-1].waiting:
        attempts.finished(begun[-1])  # a kill may have come between its last answer and its end
    return begun[-1]


def _asked(attempts: Attempts, question: str | None) -> tuple[Attempt, Question]:
    """The attempt and the question that waits in it."""
    attempt, number = _attempt(attempts), attempts.quiz.id[:2]
    if not attempt.waiting:
        raise BadInput(f"every question of quiz {attempts.quiz.id} is answered", f"begin anew: mlops quiz {number}")
    if question is not None and question != attempt.waiting[0]:
        raise BadInput(
            f"question {question!r} does not wait for an answer; {attempt.waiting[0]!r} does",
            f"it may have been answered elsewhere; look again: mlops question {number}",
        )
    return attempt, next(one for one in attempts.quiz.questions if one.id == attempt.waiting[0])
