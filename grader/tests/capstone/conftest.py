"""A repository as a learner has it after a milestone, and the command as a person runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.grading import samples
from grader.learner import bundle
from grader.tests.path.conftest import home, mlops, place

__all__ = ["home", "mlops", "place", "repository_after"]


@pytest.fixture
def repository_after(course: Course) -> Callable[[str, Path], Path]:
    """Writes what the reference hands in for a milestone into a folder."""

    def write(milestone: str, folder: Path) -> Path:
        submission, _ = samples.solution(course.milestone(milestone))
        bundle.put(folder, submission.files)
        return folder

    return write
