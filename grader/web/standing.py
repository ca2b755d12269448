"""How far a student is in a course: derived from what they may see, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from grader.api.assignments import AssignmentShown
from grader.api.submissions import ScoreShown, Status

State = Literal["to_come", "open", "handed_in", "scored", "missed"]
SOON = 3
"""So many things are named as what comes next."""


@dataclass(frozen=True)
class Step:
    """An assignment, and where its student is with it."""

    asked: AssignmentShown
    state: State
    score: ScoreShown
    last: Status | None
    """What was handed in last."""

    @property
    def improvable(self) -> bool:
        """Whether another submission could give more points."""
        possible = self.score.possible
        return self.state == "scored" and self.asked.takes_work and possible is not None and (self.score.points or 0) < possible


@dataclass(frozen=True)
class Standing:
    """All steps by due date, what to do next, and the points of what is scored so far."""

    steps: tuple[Step, ...]
    coming: tuple[Step, ...]
    points: float
    possible: float
    scored: int


def standing(
    now: datetime, asked: Sequence[AssignmentShown], scores: Mapping[str, ScoreShown], mine: Mapping[str, Status]
) -> Standing:
    """Of assignments by due date, with what one has for them by name. First comes what is open and has nothing handed in, then
    what can still be made better."""
    steps = tuple(_step(now, one, scores.get(one.name) or ScoreShown(assignment=one.name), mine.get(one.name)) for one in asked)
    scored = [step.score for step in steps if step.score.points is not None]
    coming = [step for step in steps if step.state == "open"] + [step for step in steps if step.improvable]
    points, possible = sum(s.points or 0 for s in scored), sum(s.possible or 0 for s in scored)
    return Standing(steps, tuple(coming[:SOON]), round(points, 2), round(possible, 2), len(scored))


def _step(now: datetime, asked: AssignmentShown, score: ScoreShown, last: Status | None) -> Step:
    state: State = "missed"
    if score.points is not None:
        state = "scored"
    elif last is not None:
        state = "handed_in"
    elif asked.takes_work:
        state = "open"
    elif asked.opens_at is not None and now < asked.opens_at:
        state = "to_come"
    return Step(asked, state, score, last)
