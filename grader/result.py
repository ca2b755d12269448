"""What a grading says: the one object that every door prints, stores or sends (design, section 8)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from grader.spec.sample import OUR_FAULT, Outcome

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with what could command a terminal, turn its direction, or not be stored at all, as visible escapes.

    Line ends and tabs stay. It is still no HTML and no spreadsheet cell: whoever writes those escapes for them.
    """
    storable = text.encode("utf-8", "replace").decode()
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), storable)


Text = Annotated[str, BeforeValidator(printable)]
"""A text that may repeat a student's words."""
Status = Literal["passed", "partial", "failed", "not_run", "unavailable"]


class Frozen(BaseModel):
    """An object that can't change once made, closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CheckResult(Frozen):
    """One check's verdict. `statement` is what must hold; `expected`, `found` and `next` are empty when it does."""

    id: str
    task: str
    statement: str
    status: Status
    earned: float
    possible: float
    expected: Text = ""
    found: Text = ""
    next: Text = ""


class Seconds(Frozen):
    """Wall seconds by phase: waiting for a place, for services and the sandbox, the student's cells, the checks."""

    queue: float = 0.0
    services: float = 0.0
    cells: float = 0.0
    checks: float = 0.0


class Result(Frozen):
    """One submission's grading."""

    schema_: Literal[1] = Field(1, alias="schema")
    lab: str
    lab_version: str
    submission: str
    student: str | None
    submission_sha256: str
    outcome: Outcome
    detail: Text = ""
    earned: float
    possible: float
    checks: tuple[CheckResult, ...]
    flags: tuple[Text, ...] = ()
    seconds: Seconds = Seconds()

    @property
    def ours(self) -> bool:
        """Whether the run failed through our fault: it says nothing about the student's work."""
        return self.outcome in OUR_FAULT

    @property
    def full(self) -> bool:
        """Whether every point there is was earned."""
        return self.earned == self.possible and not self.ours

    def json_line(self) -> str:
        """The object as one line of JSON."""
        return self.model_dump_json(by_alias=True)
