"""A sample: a known submission with the verdict that it must get."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from grader.spec.base import Part, Sentence, Slug

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
    """One edit of the solution: in the task's cell, `old` (which stands there exactly once) becomes `new`."""

    task: Slug
    old: Annotated[str, Field(min_length=1)]
    new: str


class SampleSpec(Part):
    """`labs/<lab>/samples/<fault>/sample.yaml`: the solution with one fault, and what the grader must say of it."""

    schema_: Literal[1] = Field(alias="schema")
    why: Sentence
    change: tuple[Change, ...] = Field(min_length=1)
    outcome: Outcome = "finished"
    fails: dict[Slug, Annotated[float, Field(ge=0)]] = Field(
        description="Points that the named checks earn; every other check earns full marks."
    )
