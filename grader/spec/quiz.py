"""A quiz: questions whose options each say why they are right or wrong."""

from __future__ import annotations

from re import Pattern
from typing import Annotated, Literal

from pydantic import Field, model_validator

from grader.spec.base import Document, Part, Sentence, Slug

Code = Annotated[str, Field(min_length=1)]
"""Text whose white space counts."""
CellId = Annotated[str, Field(pattern=r"^[\w-]+$")]
CellLink = Annotated[str, Field(pattern=r"^[\w-]+#[\w-]+$")]
"""A lesson cell: `<lesson>#<cell id>`."""


class Drawn(Part):
    """A number or word of the question that is drawn by the attempt's seed."""

    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str | float, ...] = ()

    @model_validator(mode="after")
    def _a_range_or_choices(self) -> Drawn:
        ranged = None not in (self.low, self.high, self.step)
        if ranged == bool(self.choices):
            raise ValueError("give either low, high and step, or choices (and not both)")
        return self


class Option(Part):
    """An answer to choose, and why it is right or wrong."""

    text: Sentence
    right: bool = False
    why: Sentence


class Pair(Part):
    """Two things that belong together."""

    left: Sentence
    right: Sentence
    why: Sentence


class QuestionBase(Part):
    """What every question has. `cell` is the lesson cell that teaches it: `<lesson>#<cell id>`."""

    id: Slug
    ask: Sentence
    cell: CellLink
    parameters: dict[str, Drawn] = {}


class ChoiceQuestion(QuestionBase):
    """One right option (`single`) or several (`multiple`)."""

    type: Literal["single", "multiple"]
    options: tuple[Option, ...] = Field(min_length=3)

    @model_validator(mode="after")
    def _right_options(self) -> ChoiceQuestion:
        right = sum(option.right for option in self.options)
        if right == 0 or (self.type == "single" and right > 1):
            raise ValueError(f"{right} options are right (a single has one, a multiple at least one)")
        return self


class LessonChange(Part):
    """One edit of a lesson: in this cell `old`, which stands there exactly once, becomes `new`."""

    cell: CellId
    old: Code
    new: str


class Making(Part):
    """How an output was made, so that it can be made again and compared.

    Without `run` the output stands in what the lesson cell `from` prints. With it, the question's command is run right after
    that cell, in the lesson's kernel, and prints the output and nothing else.
    """

    from_: CellLink = Field(alias="from", description="<lesson>#<cell id>")
    change: tuple[LessonChange, ...] = Field((), description="Edits of the lesson, which then runs without its asserts.")
    run: Literal["shell", "python"] | None = None
    varies: tuple[Pattern[str], ...] = Field((), description="What may differ from run to run: ids, timings.")

    @property
    def lesson(self) -> str:
        """The lesson's stem."""
        return self.from_.partition("#")[0]

    @property
    def cell(self) -> str:
        """The cell's id."""
        return self.from_.partition("#")[2]


class OutputQuestion(QuestionBase):
    """Read a real command's output, then choose."""

    type: Literal["output"]
    command: Sentence
    output: Code
    made: Making | None = None
    options: tuple[Option, ...] = Field(min_length=3)


class NumericQuestion(QuestionBase):
    """A number; `answer` may be an arithmetic expression over the drawn parameters."""

    type: Literal["numeric"]
    answer: float | str
    tolerance: float = Field(ge=0)
    unit: str = ""
    why: Sentence


class OrderQuestion(QuestionBase):
    """Things to put in order; `items` stands in the right one."""

    type: Literal["order"]
    items: tuple[Sentence, ...] = Field(min_length=3)
    why: Sentence


class MatchQuestion(QuestionBase):
    """Things to pair."""

    type: Literal["match"]
    pairs: tuple[Pair, ...] = Field(min_length=3)


class ShortQuestion(QuestionBase):
    """A word or two; every accepted form is listed."""

    type: Literal["short"]
    accept: tuple[Sentence, ...] = Field(min_length=1)
    why: Sentence


class FixQuestion(QuestionBase):
    """A line of code to mend; `test` is executed after the mended code."""

    type: Literal["fix"]
    code: Code
    line: int = Field(ge=1)
    fixed: Code
    test: Code
    why: Sentence


Question = Annotated[
    ChoiceQuestion | OutputQuestion | NumericQuestion | OrderQuestion | MatchQuestion | ShortQuestion | FixQuestion,
    Field(discriminator="type"),
]


class QuizSpec(Document):
    """`quizzes/<id>.yaml`."""

    module: Slug
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> QuizSpec:
        ids = [question.id for question in self.questions]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"question id used twice: {', '.join(twice)} (give each question an id of its own)")
        return self
