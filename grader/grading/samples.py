"""The known submissions of a lab, made from its source: the solution, the untouched starter, each known-wrong sample."""

from __future__ import annotations

import nbformat

from grader.course.tree import Lab, Sample
from grader.errors import ContentError
from grader.grading.submission import Submission
from grader.notebook import build
from grader.spec.lab import FULL_MARKS
from grader.spec.sample import Outcome


class Expected:
    """The verdict that a sample must get: an outcome (None: any of the student's own) and points by check."""

    def __init__(self, outcome: Outcome | None, points: dict[str, float]) -> None:
        self.outcome, self.points = outcome, points


def solution(lab: Lab) -> tuple[Submission, Expected]:
    """The author's answers: full marks."""
    points = {c.id: c.points for c in lab.spec.checks}
    assert sum(points.values()) == FULL_MARKS
    return _submission("solution", build.solution(lab)), Expected("finished", points)


def starter(lab: Lab) -> tuple[Submission, Expected]:
    """The untouched notebook: no check earns anything."""
    return _submission("starter", build.starter(lab)), Expected(None, dict.fromkeys((c.id for c in lab.spec.checks), 0.0))


def wrong(lab: Lab, sample: Sample) -> tuple[Submission, Expected]:
    """The solution with the sample's change. Raises ContentError when the change doesn't fit the solution any more."""
    notebook = build.solution(lab)
    cells = {cell["id"]: cell for cell in notebook.cells}
    file = lab.folder / "samples" / sample.id / "sample.yaml"
    for change in sample.spec.change:
        cell = cells.get(change.task)
        count = cell.source.count(change.old) if cell is not None else 0
        if cell is None or count != 1:
            raise ContentError(
                [f"{file}:1: `old` stands {count} times in cell {change.task!r} (make it match the solution exactly once)"]
            )
        cell.source = cell.source.replace(change.old, change.new)
    points = {c.id: sample.spec.fails.get(c.id, c.points) for c in lab.spec.checks}
    return _submission(sample.id, notebook), Expected(sample.spec.outcome, points)


def _submission(name: str, notebook: nbformat.NotebookNode) -> Submission:
    return Submission(name, None, nbformat.writes(notebook).encode())
