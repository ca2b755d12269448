"""A question as it may be shown before it is answered: nothing in it tells which answer is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.quiz import draw
from grader.spec.quiz import (
    ChoiceQuestion,
    FixQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    OutputQuestion,
    Question,
    QuizSpec,
)

HOW = {
    "single": "one letter, such as b",
    "output": "one letter, such as b",
    "multiple": "the letters of all that fit, such as a c",
    "numeric": "a number, such as 0.5 or 1,250; a sum such as 3 * 40 is fine",
    "order": "all letters in order, such as b d a c",
    "match": "a letter for each number, such as 1c 2a 3b",
    "short": "a word or a line; capitals, spaces and quotes don't matter",
    "fix": "the whole mended line",
}
"""How each type is answered: the one wording that prompts, help and complaints about an answer share."""


class Labelled(BaseModel):
    """Something to choose, order or match, and the letter or number to call it by."""

    model_config = ConfigDict(frozen=True)

    label: str
    text: str


class Sheet(BaseModel):
    """What is shown: empty are the parts that this type of question doesn't have."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    ask: str
    how: str
    numbered: tuple[Labelled, ...] = ()
    """The left sides of a `match`, called 1, 2, 3 …"""
    lettered: tuple[Labelled, ...] = ()
    """Options, items or right sides, called a, b, c … in this attempt's order."""
    command: str = ""
    output: str = ""
    code: str = ""
    line: int | None = None
    """Which line of `code` is to be mended, from 1."""
    unit: str = ""


class Paper(BaseModel):
    """All questions of a quiz, as one person gets them; answers to it name its seed."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal[1] = Field(alias="schema")
    quiz: str
    title: str
    seed: int
    questions: tuple[Sheet, ...]


def paper(quiz: QuizSpec, seed: int) -> Paper:
    """A quiz's questions, in its order, with the numbers and letters of this seed."""
    return Paper(schema_=1, quiz=quiz.id, title=quiz.title, seed=seed, questions=tuple(public(quiz, seed)))


def public(quiz: QuizSpec, seed: int) -> list[Sheet]:
    """All questions of a quiz, in its order."""
    return [sheet(question, seed) for question in quiz.questions]


def sheet(question: Question, seed: int) -> Sheet:
    """The public form of a question in the attempt with this seed."""
    drawn = draw.values(question, seed)

    def called(things: Mapping[str, str]) -> tuple[Labelled, ...]:
        return tuple(Labelled(label=label, text=draw.fill(text, drawn)) for label, text in things.items())

    shown = Sheet(id=question.id, type=question.type, ask=draw.fill(question.ask, drawn), how=HOW[question.type])
    more: dict[str, object] = {}
    match question:
        case ChoiceQuestion():
            more = {"lettered": called(_texts(question, seed))}
        case OutputQuestion():
            more = {"lettered": called(_texts(question, seed))}
            more |= {"command": draw.fill(question.command, drawn), "output": draw.fill(question.output, drawn)}
        case OrderQuestion():
            more = {"lettered": called(draw.items(question, seed))}
        case MatchQuestion():
            more = {"numbered": called(draw.left_sides(question)), "lettered": called(draw.right_sides(question, seed))}
        case NumericQuestion():
            which = f"a number in {question.unit}" if question.unit else "a number"
            more = {"unit": question.unit, "how": HOW[question.type].replace("a number", which)}
        case FixQuestion():
            more = {"code": draw.fill(question.code, drawn), "line": question.line}
    return shown.model_copy(update=more)


def _texts(question: ChoiceQuestion | OutputQuestion, seed: int) -> dict[str, str]:
    return {letter: option.text for letter, option in draw.options(question, seed).items()}
