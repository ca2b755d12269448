"""A check that breaks is our fault, and takes a whole submission's marks with it: so no answer of a student may break one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest

from grader.checks import Lab, judge
from grader.checks.registry import Check
from grader.course.tree import Course
from grader.grading import grade as grading
from grader.grading import samples
from grader.grading.grade import Place
from grader.result import CheckResult
from grader.spec.lab import TaskSpec
from grader.tests.conftest import ROOT
from grader.tests.odd.replay import broken_by
from grader.tests.path.conftest import home, place

__all__ = ["home", "place"]
LABS = [file.parent.name for file in sorted(ROOT.glob("labs/*/lab.yaml"))]
MILESTONES = [f"capstone-{number}" for number in range(len(list(ROOT.glob("capstone/milestones/*/milestone.yaml"))))]


@pytest.mark.services
@pytest.mark.hostile
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("place", ["local"], indirect=True)
@pytest.mark.parametrize("name", [*LABS, *MILESTONES])
def test_no_answer_breaks_a_check(course: Course, place: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solution runs; then each check is made once more for each odd answer, and for each odd file that is handed in where
    it builds no image of it, all else being the solution's: it comes to a verdict each time."""
    lab = course.lab(name)
    broken: list[str] = []

    def judged(
        tasks: Sequence[TaskSpec], checks: Mapping[str, Check], hand: Callable[[str], Lab], present: Collection[str]
    ) -> list[CheckResult]:
        for spec in (spec for task in tasks for spec in task.checks if set(spec.needs) <= set(present)):
            broken.extend(broken_by(checks[spec.id], functools.partial(hand, spec.id), files=not spec.needs))
        return judge.judge(tasks, checks, hand, present)

    monkeypatch.setattr(grading, "judge", judged)
    result: Any = grading.grade(lab, samples.solution(lab)[0], place)
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)
    assert result.outcome == "finished"
