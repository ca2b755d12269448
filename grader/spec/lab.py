"""A lab: tasks, the checks that judge them, and what a run of it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, model_validator

from grader.spec.base import Document, Part, Sentence, Slug
from grader.spec.limits import Limits

FULL_MARKS = 100

_PART, _WILD = r"\.?[\w@+-][\w.@+-]*", r"\.?[\w*?@+-][\w.*?@+-]*"
RelativePath = Annotated[str, Field(pattern=f"^{_PART}(/{_PART})*$", max_length=200)]
"""A file below the work folder, with `/` between its parts; it can't lead out of it."""
Pattern = Annotated[str, Field(pattern=f"^{_WILD}(/{_WILD})*$", max_length=200)]
"""Which files are meant, counted from the work folder: `churn/*.py`, `tests/**`, `pyproject.toml`, `**/*.sql`; a
folder's name means all that is in it."""


class HintSpec(Part):
    """One tier of help. A hint with `when` is shown only if the check's finding contains that text."""

    text: Sentence
    when: str | None = None


class CheckSpec(Part):
    """What a check is worth and how it helps. Its statement is the docstring of its function in `checks.py`."""

    id: Slug
    points: Annotated[float, Field(gt=0)]
    hints: tuple[HintSpec | Sentence, ...] = Field(
        min_length=1, description="The first that fits what was found is the check's own `next`; those after it are asked for."
    )
    needs: tuple[Literal["docker"], ...] = Field(
        (), description="What a machine must have for this check; without it the check is `unavailable`, not failed."
    )
    hidden: bool = Field(False, description="Kept from the learner's bundle and feedback until released.")

    def hints_for(self, found: str) -> list[str]:
        """The hint texts, weakest first, that fit what the check found."""
        tiers = [HintSpec(text=h) if isinstance(h, str) else h for h in self.hints]
        return [h.text for h in tiers if h.when is None or h.when in found]


class TaskSpec(Part):
    """A piece of work: a solution cell of the notebook, with the task's id, or files of the work folder."""

    id: Slug
    title: Sentence
    stretch: bool = False
    files: tuple[RelativePath, ...] = Field((), description="Files of the work that this task is done in.")
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
    file: RelativePath
    held_back: int = Field(0, ge=0)


class CommitSpec(Part):
    """A commit of the repository that the solution comes with."""

    message: Sentence
    files: tuple[Pattern, ...] = Field((), description="Files that it brings to the state in which they are handed in.")
    write: dict[RelativePath, str] = Field({}, description="Content that files have in this commit only.")
    remove: tuple[RelativePath, ...] = ()


class WorkSpec(Part):
    """The files that a learner hands in beside the notebook, or in its place.

    The author's own stand in `labs/<id>/work/`, answers between the solution marks; `labs/<id>/given/` holds files that
    every run gets as the author wrote them.
    """

    files: tuple[Pattern, ...] = Field(min_length=1, description="What is handed in; anything else stays where it is.")
    max_files: int = Field(200, gt=0)
    max_mb: int = Field(8, gt=0, description="Size of all files together, the repository included.")
    repository: bool = Field(False, description="Whether the folder's git repository is handed in, too.")
    history: tuple[CommitSpec, ...] = Field((), description="The solution's commits; one that holds all when there are none.")


class LabSpec(Document):
    """`labs/<id>/lab.yaml`."""

    module: Slug
    summary: Sentence
    minutes: int = Field(gt=0, description="Time the core takes a learner who has read the lesson.")
    environment: Slug
    services: tuple[Slug, ...] = ()
    data: tuple[DataSpec, ...] = ()
    limits: Limits = Limits()
    work: WorkSpec | None = Field(None, description="Files that are handed in; without it the notebook is all.")
    tasks: tuple[TaskSpec, ...] = Field(min_length=1)

    @property
    def checks(self) -> tuple[CheckSpec, ...]:
        """All checks, in the order of the tasks."""
        return tuple(check for task in self.tasks for check in task.checks)

    def lacking(self, present: Collection[str]) -> list[str]:
        """The checks that need more than is `present` on this machine."""
        return [check.id for check in self.checks if not set(check.needs) <= set(present)]

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
