"""A sample: a known submission with the verdict that it must get."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from grader.spec.base import Part, Sentence, Slug
from grader.spec.lab import CommitSpec, RelativePath

Outcome = Literal[
    "finished",
    "student_error",
    "timed_out",
    "out_of_memory",
    "tampered",
    "sandbox_failed",
    "service_failed",
    "grader_failed",
]
"""How a run ended. The first five are the submission's own doing; the last three are our fault (design, section 3.6)."""

OUR_FAULT: frozenset[str] = frozenset({"sandbox_failed", "service_failed", "grader_failed"})


class Change(Part):
    """One edit of the solution: in the task's cell, or in a file of the work, `old` (which stands there exactly once)
    becomes `new`."""

    task: Slug | None = None
    file: RelativePath | None = None
    old: Annotated[str, Field(min_length=1)]
    new: str

    @model_validator(mode="after")
    def _one_place(self) -> Change:
        if (self.task is None) == (self.file is None):
            raise ValueError("name either the task whose cell changes, or the file (and not both)")
        return self


class SampleSpec(Part):
    """`labs/<lab>/samples/<fault>/sample.yaml`: the solution with one fault, and what the grader must say of it."""

    schema_: Literal[1] = Field(alias="schema")
    why: Sentence
    change: tuple[Change, ...] = ()
    write: dict[RelativePath, str | None] = Field({}, description="Files of the work with other content; null: without it.")
    history: tuple[CommitSpec, ...] | None = Field(None, description="Other commits than the solution's; []: no repository.")
    outcome: Outcome = "finished"
    fails: dict[Slug, Annotated[float, Field(ge=0)]] = Field(
        description="Points that the named checks earn; every other check earns full marks."
    )

    @model_validator(mode="after")
    def _differs_from_the_solution(self) -> SampleSpec:
        if not self.change and not self.write and self.history is None:
            raise ValueError("a sample differs from the solution (give it change, write or history)")
        return self
