"""A lab: tasks, the checks that judge them, and what a run of it needs."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import Field, model_validator

from grader.spec.base import Document, Part, Sentence, Slug
from grader.spec.limits import Limits

FULL_MARKS = 100


class HintSpec(Part):
    """One tier of help. A hint with `when` is shown only if the check's finding contains that text."""

    text: Sentence
    when: str | None = None


class CheckSpec(Part):
    """What a check is worth and how it helps. Its statement is the docstring of its function in `checks.py`."""

    id: Slug
    points: Annotated[float, Field(gt=0)]
    hints: tuple[HintSpec | Sentence, ...] = Field(min_length=1)
    hidden: bool = Field(False, description="Kept from the learner's bundle and feedback until released.")

    def hints_for(self, found: str) -> list[str]:
        """The hint texts, weakest first, that fit what the check found."""
        tiers = [HintSpec(text=h) if isinstance(h, str) else h for h in self.hints]
        return [h.text for h in tiers if h.when is None or h.when in found]


class TaskSpec(Part):
    """A piece of work: one solution cell of the notebook, with the task's id."""

    id: Slug
    title: Sentence
    stretch: bool = False
    checks: tuple[CheckSpec, ...] = Field(min_length=1)

    @property
    def points(self) -> float:
        """What the task is worth: the sum of its checks."""
        return sum(check.points for check in self.checks)


class DataSpec(Part):
    """A dataset's visible rows, put into the work folder as a CSV file.

    A run gets them less `held_back` rows drawn by the submission's seed, so that neither the file's hash nor a metric
    can be typed in.
    """

    dataset: Slug
    file: str = Field(pattern=r"^[\w.-]+$")
    held_back: int = Field(0, ge=0)


class LabSpec(Document):
    """`labs/<id>/lab.yaml`."""

    module: Slug
    summary: Sentence
    minutes: int = Field(gt=0, description="Time the core takes a learner who has read the lesson.")
    environment: Slug
    services: tuple[Slug, ...] = ()
    data: tuple[DataSpec, ...] = ()
    limits: Limits = Limits()
    tasks: tuple[TaskSpec, ...] = Field(min_length=1)

    @property
    def checks(self) -> tuple[CheckSpec, ...]:
        """All checks, in the order of the tasks."""
        return tuple(check for task in self.tasks for check in task.checks)

    @property
    def possible(self) -> float:
        """The points of all checks."""
        return sum(task.points for task in self.tasks)

    @model_validator(mode="after")
    def _ids_are_unique_and_points_add_up(self) -> LabSpec:
        for what, ids in (("task", [t.id for t in self.tasks]), ("check", [c.id for c in self.checks])):
            twice = [name for name, count in Counter(ids).items() if count > 1]
            if twice:
                raise ValueError(f"{what} id used twice: {', '.join(twice)} (give each {what} an id of its own)")
        if self.possible != FULL_MARKS:
            raise ValueError(f"points add up to {self.possible:g}, not {FULL_MARKS} (change the checks' points)")
        return self
