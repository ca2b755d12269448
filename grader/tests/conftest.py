"""What tests of all parts share: the real course, and a small made-up one that a test may break."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.tests import small_course

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything below hostile/ carries that mark."""
    for item in items:
        if Path(__file__).with_name("hostile") in item.path.parents:
            item.add_marker("hostile")


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this checkout."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def lab04(course: Course) -> Lab:
    """The real lab of module 04."""
    return course.lab("04-experiment-tracking")


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A clean made-up course of one lab, on disk, for this test alone."""
    return small_course.write(tmp_path / "course")


@pytest.fixture
def small_lab(small: Course) -> Lab:
    """The lab of the made-up course: tasks `add` and `mean`, 60 and 40 points."""
    return small.lab(small_course.LAB)
