"""How far a learner has come, read from the record; what comes next follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from grader.course.tree import Course
from grader.learner.record import Record

PAUSE_SECONDS = 20 * 60
"""Two events that are further apart had something else than the course between them."""


@dataclass(frozen=True)
class Step:
    """A module as the learner stands in it. Points of 100; None for what was not begun."""

    module: str
    title: str
    lab: str
    earned: float | None
    best: float | None
    quiz: tuple[float, int] | None
    """Points and questions of the best finished attempt."""
    seconds: float
    """Time at work on the lab and the quiz: the gaps between events, pauses left out."""

    @property
    def solved(self) -> bool:
        """Whether the lab has had full marks."""
        return self.best is not None and self.best >= 100  # a lab's points add up to it


def steps(course: Course, record: Record) -> list[Step]:
    """A step for each module that is there, in the course's order."""
    events = list(record.events())
    specs = [module.spec for module in course.modules()]
    return [_step(spec.id, spec.title, spec.lab or "", spec.quiz or "", events) for spec in specs]


def next_step(course: Course, record: Record) -> tuple[str, str]:
    """What to do next, and the command that does it."""
    way = steps(course, record)
    started = record.last("started")
    here = next((step for step in way if started is not None and step.lab == started["lab"]), None)
    if here is None:
        first = next(step for step in way if step.lab)
        return f"begin with module {first.module[:2]}, {first.title}", f"mlops start {first.module[:2]}"
    if not here.solved:
        return _in_the_lab(record, here)
    if here.quiz is None:
        return f"lab {here.module[:2]} is solved; take its quiz", f"mlops quiz {here.module[:2]}"
    ahead = next((step for step in way if step.lab and not step.solved), None)
    if ahead is None:
        return "every lab is solved; what is left are quizzes and drills", "mlops progress"
    return f"go on with module {ahead.module[:2]}, {ahead.title}", f"mlops start {ahead.module[:2]}"


def _in_the_lab(record: Record, here: Step) -> tuple[str, str]:
    last = record.last("checked", here.lab)
    if last is None:
        return f"work on lab {here.module[:2]}, {here.title}, then have it checked", "mlops check"
    missed = [name for name, (status, _) in last["checks"].items() if status not in ("passed", "unavailable")]
    if not missed:
        return f"lab {here.module[:2]} is done as far as this machine can check it", "mlops doctor"
    return f"lab {here.module[:2]}: the check to work on is {missed[0]}", "mlops check"


def _step(module: str, title: str, lab: str, quiz: str, events: Iterable[dict[str, Any]]) -> Step:
    own = [event for event in events if event.get("lab") in {lab, quiz} - {""}]
    scores = [event["earned"] for event in own if event["event"] == "checked" and event["lab"] == lab]
    finished = [(float(e["score"]), int(e["possible"])) for e in own if e["event"] == "quiz_finished" and e["lab"] == quiz]
    times = [event["time"] for event in own]
    spent = sum(later - earlier for earlier, later in pairwise(times) if later - earlier <= PAUSE_SECONDS)
    return Step(
        module, title, lab, scores[-1] if scores else None, max(scores, default=None), max(finished, default=None), spent
    )
