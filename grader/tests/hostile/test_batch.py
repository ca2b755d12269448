"""Honest students beside hostile ones lose nothing, and one submission is graded alike however often."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course.tree import Lab
from grader.grading.batch import grade_all
from grader.grading.submission import Submission
from grader.result import Result
from grader.tests.hostile.arena import Arena, processes_with
from grader.tests.hostile.case import Case, all_cases, base, full, sealed, without_imports

pytestmark = [pytest.mark.services, pytest.mark.docker]
NEIGHBOURS = ("hogs/fork-bomb", "hogs/all-the-memory", "hogs/a-gigabyte-printed", "ending/kills-parent-and-pid-1")
AGAIN = 50
TOKEN = "attack-in-a-batch"


def _points(result: Result) -> dict[str, float]:
    return {check.id: check.earned for check in result.checks}


def test_honest_students_lose_nothing_beside_hostile_ones(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """Every second submission is hostile: each honest one is finished with full points, each hostile one gets its own."""
    arena, cases = arenas("docker"), {case.name: case for case in all_cases()}
    hostile = [cases[name] for name in NEIGHBOURS]
    limits = {"cell_seconds": 15, "total_seconds": 60, "processes": 64, "memory_mb": 700}
    tight = Case("batch", hostile[0].spec.model_copy(update={"limits": limits})).limited(lab04)
    submissions: list[Submission] = []
    for case in hostile:
        submissions += [case.submission(tight, TOKEN), sealed(f"honest-{case.name}", base(lab04, "light"))]
    got = {s.path: result for s, result in grade_all(tight, submissions, arena.place, jobs=2)}
    honest = {name: (r.outcome, _points(r)) for name, r in got.items() if name.startswith("honest") and isinstance(r, Result)}
    assert honest == {f"honest-{case.name}": ("finished", full(lab04, "light")) for case in hostile}
    theirs = {case.name: got[case.name] for case in hostile}
    assert {name: _points(r) for name, r in theirs.items() if isinstance(r, Result)} == {
        c.name: c.points(lab04) for c in hostile
    }
    assert processes_with(TOKEN) == []


def test_the_same_submission_gets_the_same_verdict_every_time(
    arenas: Callable[[str], Arena], lab04: Lab, tmp_path: Path
) -> None:
    """Graded 50 times, two at a time: one outcome, one status and one number of points for each check."""
    arena = arenas("docker")
    course, quick = without_imports(arena.course, lab04, tmp_path / "course")
    place = dataclasses.replace(arena.place, course=course)
    notebook = base(quick, "starter")
    for cell in notebook.cells:
        if cell["id"] == "tracked-run":
            cell.source = "import os\nos._exit(3)"
    submissions = [sealed("again", notebook)] * AGAIN
    results = [result for _, result in grade_all(quick, submissions, place, jobs=2)]
    kinds = {(r.outcome, *_points(r).items(), *(c.status for c in r.checks)) for r in results if isinstance(r, Result)}
    assert (len(results), len(kinds)) == (AGAIN, 1), kinds
    assert kinds.pop()[0] == "student_error"
