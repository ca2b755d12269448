"""A class of students: the known submissions of a lab, dealt out in turn, each made unlike all others by a comment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

from grader.course.tree import Lab
from grader.grading import samples

RIGHT = "solution"
CORE = (
    RIGHT, "metric-of-the-training-rows", RIGHT, "sweep-stops-at-the-failure", RIGHT,
    "best-by-the-wrong-direction", RIGHT, "kernel-dies", RIGHT, "number-that-equals-everything",
)  # fmt: skip
"""Of ten students five are right, two wrong, two crash, and one forges."""
WHOLE = (
    RIGHT, "metric-of-the-training-rows", RIGHT, "sweep-stops-at-the-failure", RIGHT,
    "best-by-the-wrong-direction", RIGHT, "model-on-local-disk", RIGHT, "run-copied",
)  # fmt: skip


@dataclass(frozen=True)
class Student:
    """A student with what they hand in and the points by check that it deserves."""

    name: str
    kind: str
    notebook: Any
    deserves: dict[str, float]


def students(lab: Lab, pattern: Sequence[str], count: int, prefix: str = "s") -> list[Student]:
    """`count` students with the kinds of `pattern`, over and over. Raises KeyError for a sample that the lab lacks."""
    known = {sample.id: sample for sample in lab.samples()}
    made = {kind: samples.solution(lab) if kind == RIGHT else samples.wrong(lab, known[kind]) for kind in set(pattern)}
    found = []
    for number, kind in zip(range(1, count + 1), itertools.cycle(pattern), strict=False):
        submission, expected = made[kind]
        name = f"{prefix}{number:03}"
        notebook = nbformat.reads(submission.notebook.decode(), as_version=4)
        answer = next(cell for cell in notebook.cells if cell.metadata.nbgrader.solution)
        answer.source += f"\n# {name}"
        found.append(Student(name, kind, notebook, expected.points))
    return found
