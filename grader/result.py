"""What a grading says: the one object that every door prints, stores or sends (design, section 8)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.spec.sample import OUR_FAULT, Outcome

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
    expected: str = ""
    found: str = ""
    next: str = ""


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
    detail: str = ""
    earned: float
    possible: float
    checks: tuple[CheckResult, ...]
    flags: tuple[str, ...] = ()
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
