"""The known submissions of a lab are made from its source, and say when they no longer fit it."""

from __future__ import annotations

import ast
import json
from typing import Any

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.errors import BadInput, ContentError
from grader.grading import samples, verify
from grader.grading.submission import Submission
from grader.notebook import build
from grader.notebook.rebuild import rebuild
from grader.tests.small_course import ADD_SAMPLE, MEAN_SAMPLE, edit


def sources(submission: Submission) -> dict[str, str]:
    """The source of each cell by id."""
    notebook: Any = nbformat.reads(submission.notebook.decode(), as_version=4)
    return {cell["id"]: cell.source for cell in notebook.cells}


def named(lab: Lab, name: str) -> tuple[Submission, samples.Expected]:
    """The sample of this name."""
    return samples.wrong(lab, next(s for s in lab.samples() if s.id == name))


def test_every_sample_of_the_course_builds(course: Course) -> None:
    """Each sample of each lab fits the solution of today, differs from it, compiles, and is rebuilt without a flag."""
    for lab in course.labs():
        solution = sources(samples.solution(lab)[0])
        for sample in lab.samples():
            submission, _ = samples.wrong(lab, sample)
            changed = {name for name, source in sources(submission).items() if source != solution[name]}
            assert changed == {change.task for change in sample.spec.change if change.task}
            assert changed or submission.files != samples.solution(lab)[0].files
            for source in (sources(submission)[name] for name in changed):
                assert source.startswith("%%bash") or ast.parse(source)
            assert rebuild(lab, submission.notebook).flags == ()


def test_samples_of_the_course_name_real_checks(course: Course) -> None:
    """A sample costs points of checks that there are."""
    for lab in course.labs():
        points = {check.id: check.points for check in lab.spec.checks}
        for sample in lab.samples():
            assert {n: e for n, e in sample.spec.fails.items() if e >= points.get(n, 0)} == {}, sample.id


def test_solution_must_get_full_marks(small_lab: Lab) -> None:
    """The solution is the author's notebook, expected to finish with every point."""
    submission, expected = samples.solution(small_lab)
    assert submission == Submission("solution", None, nbformat.writes(build.solution(small_lab)).encode())
    assert (expected.outcome, expected.points) == ("finished", {"adds": 60, "means": 40})


def test_starter_must_get_nothing(small_lab: Lab) -> None:
    """The starter is the learner's notebook, expected to earn nothing, however its run ends."""
    submission, expected = samples.starter(small_lab)
    assert submission == Submission("starter", None, nbformat.writes(build.starter(small_lab)).encode())
    assert (expected.outcome, expected.points) == (None, {"adds": 0, "means": 0})


def test_sample_is_the_solution_with_its_change(small_lab: Lab) -> None:
    """A sample differs from the solution by its change alone; checks that it doesn't name earn full marks."""
    submission, expected = named(small_lab, "means-wrongly")
    wanted = sources(samples.solution(small_lab)[0])
    wanted["mean"] = 'def mean(x):\n    """The mean."""\n    return sum(x)'
    assert (submission.path, submission.student, sources(submission)) == ("means-wrongly", None, wanted)
    assert (expected.outcome, expected.points) == ("finished", {"adds": 60, "means": 10})


def test_changes_follow_one_another(small: Course, small_lab: Lab) -> None:
    """A second change of the same cell works on what the first one left."""
    edit(small, ADD_SAMPLE, "fails:", "  - {task: add, old: a - b, new: b - a}\nfails:")
    assert sources(named(small_lab, "adds-wrongly")[0])["add"] == 'def add(a, b):\n    """The sum."""\n    return b - a'


def test_declared_outcome(small: Course, small_lab: Lab) -> None:
    """A sample that can't finish says so."""
    edit(small, ADD_SAMPLE, "fails:", "outcome: timed_out\nfails:")
    assert named(small_lab, "adds-wrongly")[1].outcome == "timed_out"


UNFIT = {
    "gone": (ADD_SAMPLE, "old: a + b", "old: a * b", "adds-wrongly", "`old` stands 0 times in cell 'add'"),
    "twice": (MEAN_SAMPLE, 'old: " / len(x)"', 'old: "x)"', "means-wrongly", "`old` stands 3 times in cell 'mean'"),
    "in-another-cell": (ADD_SAMPLE, "task: add", "task: mean", "adds-wrongly", "`old` stands 0 times in cell 'mean'"),
    "in-no-cell": (ADD_SAMPLE, "task: add", "task: sub", "adds-wrongly", "`old` stands 0 times in cell 'sub'"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "name", "problem"), UNFIT.values(), ids=UNFIT)
def test_change_that_no_longer_fits(
    small: Course, small_lab: Lab, file: str, old: str, new: str, name: str, problem: str
) -> None:
    """A change must match the solution exactly once: one that doesn't would prove something else."""
    edit(small, file, old, new)
    with pytest.raises(ContentError) as error:
        named(small_lab, name)
    assert error.value.problems == [f"{small.root / file}:1: {problem} (make it match the solution exactly once)"]


def test_samples_are_the_same_bytes_each_time(lab04: Lab) -> None:
    """A sample's hash, and with it every drawn input, is the same on every machine and day."""
    for make in (samples.solution, samples.starter):
        assert make(lab04)[0] == make(lab04)[0]
    json.loads(samples.solution(lab04)[0].notebook)


def test_samples_are_chosen_by_name(small: Course) -> None:
    """A lab comes with the samples that were named; a name that none has is said, with those that there are."""
    lab = small.lab("01-adding")
    mean = next(sample for sample in lab.samples() if sample.id == "means-wrongly")
    assert verify.named([lab], [mean.id]) == {lab.id: [mean]}
    with pytest.raises(BadInput, match="no sample is called nix"):
        verify.named([lab], [mean.id, "nix"])
