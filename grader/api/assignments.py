"""Assignments as they go over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from grader.api.objects import Asked, Line, Moment, Told, Typed
from grader.gradebook.late import LatePolicy, NoPenalty


class AssignmentSet(Asked):
    """An assignment to be, or its new dates and rules: all of them are set."""

    lab: Annotated[Line, Field(min_length=1)] | None = None
    """A lab's or a milestone's id, or its number. Either this or `quiz`."""
    quiz: Annotated[Line, Field(min_length=1)] | None = None
    """A quiz's id, or its number."""
    opens_at: Moment | None = None
    due_at: Moment | None = None
    closes_at: Moment | None = None
    late_policy: LatePolicy = NoPenalty()
    counts: Literal["best", "last"] = "best"
    max_submissions: Annotated[int, Field(ge=1, le=10_000)] | None = None
    released_at_once: bool = True

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.lab is None) == (self.quiz is None):
            raise ValueError("an assignment asks for one thing: `lab` or `quiz`")
        return self


class AssignmentShown(Told):
    """What is asked for, with the dates of whoever looks."""

    name: str
    kind: Literal["lab", "quiz", "milestone", "exam"]
    content: str
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    late_policy: LatePolicy
    counts: Literal["best", "last"]
    max_submissions: int | None
    left: int | None
    """How many submissions one has left; null without a limit."""
    released_at_once: bool
    revealed: bool
    """Whether hidden checks are shown."""
    takes_work: bool
    why_not: str = ""


class Assignments(Told):
    """A course's assignments, by due date."""

    items: tuple[AssignmentShown, ...]


class DraftAnswer(Asked):
    """An answer to a question of one's sheet, as it would be typed; null takes back what was kept."""

    answer: Typed | None


class DraftShown(Told):
    """The answers kept so far: what has none is not there."""

    quiz: str
    seed: int
    answers: dict[str, str]
