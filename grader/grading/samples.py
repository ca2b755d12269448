"""The known submissions of a lab, made from its source: the solution, the untouched starter, each known-wrong sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nbformat

from grader.course.tree import Lab, Sample
from grader.errors import ContentError
from grader.grading.submission import Submission
from grader.notebook import build
from grader.spec.lab import FULL_MARKS, CommitSpec
from grader.spec.sample import Change, Outcome
from grader.work import author, repository
from grader.work.selection import Selection


class Expected:
    """The verdict that a sample must get: an outcome (None: any of the student's own) and points by check."""

    def __init__(self, outcome: Outcome | None, points: dict[str, float]) -> None:
        self.outcome, self.points = outcome, points


def solution(lab: Lab) -> tuple[Submission, Expected]:
    """The author's answers: full marks."""
    points = {c.id: c.points for c in lab.spec.checks}
    assert sum(points.values()) == FULL_MARKS
    return _submission(lab, "solution", build.solution(lab), author.solution(lab)), Expected("finished", points)


def starter(lab: Lab) -> tuple[Submission, Expected]:
    """The untouched notebook and files: no check earns anything, but those that earlier milestones brought, which earn
    full marks."""
    untouched = _submission(lab, "starter", build.starter(lab), author.starter(lab), repository.first_commit(lab))
    return untouched, Expected(None, {c.id: c.points if c.id in lab.carried else 0.0 for c in lab.spec.checks})


def wrong(lab: Lab, sample: Sample) -> tuple[Submission, Expected]:
    """The solution with the sample's changes. Raises ContentError when one doesn't fit the solution any more."""
    notebook, files = build.solution(lab), author.solution(lab)
    cells = {cell["id"]: cell for cell in notebook.cells}
    for change in sample.spec.change:
        if change.file is not None:
            text = files.get(change.file, b"").decode()
            files[change.file] = _changed(lab, sample, change, f"file {change.file}", text).encode()
        else:
            cell = cells.get(change.task)
            text = _changed(lab, sample, change, f"cell {change.task!r}", cell.source if cell is not None else "")
            cells[change.task].source = text
    for name, content in sample.spec.write.items():
        if content is None:
            files.pop(name, None)
        else:
            files[name] = content.encode()
    points = {c.id: sample.spec.fails.get(c.id, c.points) for c in lab.spec.checks}
    submission = _submission(lab, sample.id, notebook, files, sample.spec.history)
    return submission, Expected(sample.spec.outcome, points)


def _changed(lab: Lab, sample: Sample, change: Change, where: str, text: str) -> str:
    count = text.count(change.old)
    if count != 1:
        file = lab.folder / "samples" / sample.id / "sample.yaml"
        raise ContentError([f"{file}:1: `old` stands {count} times in {where} (make it match the solution exactly once)"])
    return text.replace(change.old, change.new)


def _submission(
    lab: Lab,
    name: str,
    notebook: nbformat.NotebookNode,
    files: Mapping[str, bytes],
    history: Sequence[CommitSpec] | None = None,
) -> Submission:
    """What is handed in of these files, with the repository after `history` (by default the solution's)."""
    content = nbformat.writes(notebook).encode()
    if lab.spec.work is None:
        return Submission(name, None, content)
    selection = Selection(lab.spec.work)
    everything = {**files, **repository.of(lab, files, history)}
    return Submission(name, None, content, files={path: everything[path] for path in everything if selection.takes(path)})
