"""How far a learner's capstone has come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.course.tree import Course, Milestone
from grader.errors import BadInput
from grader.learner.record import Record

STARTED = "capstone_started"
"""The event with the folder that `mlops capstone init` made."""


@dataclass(frozen=True)
class Standing:
    """A milestone, and the points of its last check; None when it wasn't checked yet."""

    milestone: Milestone
    earned: float | None

    @property
    def passed(self) -> bool:
        """Whether every check of it passed when it was checked last."""
        return self.earned is not None and self.earned >= self.milestone.spec.possible


def standings(course: Course, record: Record) -> list[Standing]:
    """All milestones that exist, in order."""
    found = []
    for milestone in course.milestones():
        last = record.last("checked", milestone.id)
        found.append(Standing(milestone, float(last["earned"]) if last else None))
    return found


def current(standings: list[Standing]) -> Milestone:
    """The first milestone that isn't passed yet; the last one when all are."""
    return next((s.milestone for s in standings if not s.passed), standings[-1].milestone)


def folder(record: Record) -> Path:
    """The learner's repository. Raises BadInput when there is none, or it is gone."""
    started = record.last(STARTED)
    if started is None:
        raise BadInput("the capstone was not started yet", "mlops capstone init")
    place = Path(started["folder"])
    if not place.is_dir():
        raise BadInput(f"your capstone was in {place}, and is not there any more", "move it back, or: mlops capstone init DIR")
    return place
