"""The capstone: one repository that grows, a milestone for each module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from grader.spec.base import Document, Slug
from grader.spec.lab import LabSpec, TaskSpec

CARRIED = "carried"
"""The task that holds what a milestone checks again of earlier ones."""
Points = Annotated[float, Field(gt=0)]


class CapstoneSpec(Document):
    """`capstone/capstone.yaml`: which milestones there are, in the order in which the repository grows.

    A milestone that is listed but has no folder yet is announced as planned.
    """

    milestones: tuple[Slug, ...] = Field(min_length=1, description="Folders of `capstone/milestones/`.")

    @model_validator(mode="after")
    def _milestones_are_listed_once(self) -> CapstoneSpec:
        if len(set(self.milestones)) != len(self.milestones):
            raise ValueError("a milestone is listed twice (remove one of the two)")
        return self


class MilestoneSpec(LabSpec):
    """`capstone/milestones/<nn>-<name>/milestone.yaml`: a lab whose work stands on the milestones before it.

    Its tasks say what is new. What earlier milestones proved, and what must still hold, is named in `carried`.
    """

    carried: dict[Slug, dict[Slug, Points]] = Field(
        {}, description="By milestone id: checks of it that are made again, and what each is worth here."
    )

    @property
    def possible(self) -> float:
        """The points of all checks, new and carried."""
        return super().possible + sum(sum(checks.values()) for checks in self.carried.values())

    @property
    def carried_checks(self) -> frozenset[str]:
        """The ids of the checks that earlier milestones brought."""
        return frozenset(check for checks in self.carried.values() for check in checks)

    def with_carried(self, earlier: Mapping[str, LabSpec]) -> LabSpec:
        """The same as a lab, the carried checks in a task of their own before the new ones.

        `earlier` are the milestones before this one, by id. Raises KeyError for a milestone or check that none of them is.
        """
        if not self.carried:
            return self
        checks = tuple(
            {c.id: c for c in earlier[milestone].checks}[check].model_copy(update={"points": points})
            for milestone, carried in self.carried.items()
            for check, points in carried.items()
        )
        kept = TaskSpec(id=CARRIED, title="What stood before still stands", checks=checks)
        return self.model_copy(update={"tasks": (kept, *self.tasks), "carried": {}})
