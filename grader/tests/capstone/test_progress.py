"""Which milestone is the current one."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.capstone import progress
from grader.course.tree import Course
from grader.errors import BadInput
from grader.learner.record import Record
from grader.tests.path.conftest import Command


def checked(record: Record, milestone: str, earned: float) -> None:
    """As `mlops capstone check` remembers it."""
    record.add("checked", milestone, earned=earned, possible=100, outcome="finished", checks={})


def test_the_first_that_is_not_passed(course: Course, tmp_path: Path) -> None:
    """Full marks pass a milestone; the last check counts, so what breaks again is current again; none is left at the end."""
    record = Record(tmp_path)

    def now() -> str:
        return progress.current(progress.standings(course, record)).id

    seen = [now()]
    for milestone, earned in [("capstone-00", 65), ("capstone-00", 100), ("capstone-02", 100), ("capstone-01", 100)]:
        checked(record, milestone, earned)
        seen.append(now())
    checked(record, "capstone-00", 70)
    seen.append(now())
    assert seen == ["capstone-00", "capstone-00", "capstone-01", "capstone-01", "capstone-03", "capstone-00"]
    for each in course.milestones():
        checked(record, each.id, 100)
    assert now() == course.milestones()[-1].id


def test_no_folder_yet_and_a_folder_that_is_gone(tmp_path: Path) -> None:
    """Both are said, with the command that mends it."""
    record = Record(tmp_path)
    with pytest.raises(BadInput) as error:
        progress.folder(record)
    assert str(error.value) == "the capstone was not started yet (mlops capstone init)"
    record.add(progress.STARTED, "capstone-00", folder=str(tmp_path / "gone"))
    with pytest.raises(BadInput) as error:
        progress.folder(record)
    where = tmp_path / "gone"
    assert (
        str(error.value)
        == f"your capstone was in {where}, and is not there any more (move it back, or: mlops capstone init DIR)"
    )


def test_check_and_status_before_init(mlops: Command, tmp_path: Path) -> None:
    """Exit code 2, and what to do."""
    for command in ("check", "status"):
        done = mlops("capstone", command, MLOPS_HOME=str(tmp_path / "fresh"))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "mlops: the capstone was not started yet (mlops capstone init)\n"
