"""What a learner gets holds no answer, no check, and no row that only checks may see."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from grader.course import data
from grader.course.tree import Course, Lab
from grader.learner import bundle
from grader.learner.bundle import Kind


def test_learner_gets_the_notebook_and_the_data(small: Course, small_lab: Lab, tmp_path: Path) -> None:
    """The folder holds two files, and nothing of the lab's checks or samples."""
    bundle.write(small, small_lab, "starter", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["01-adding.ipynb", "numbers.csv"]


def test_bundle_of_every_lab_holds_no_secret(course: Course) -> None:
    """No line of a check file, an examiner or a sample's fault is in a learner's files."""
    for lab in course.labs():
        text = b"\n".join(bundle.files(course, lab, "starter").values()).decode()
        assert [w for w in ("BEGIN SOLUTION", "grader.checks", "examiner", "@check", "def test_labels") if w in text] == []


def test_bundle_holds_no_unseen_row(course: Course, lab04: Lab) -> None:
    """No customer that checks draw is in the learner's file, by key or by content."""
    given = lab04.spec.data[0]
    text = bundle.files(course, lab04, "starter")[given.file].decode()
    visible = {tuple(row.values()) for row in csv.DictReader(io.StringIO(text))}
    hidden = {tuple(row.values()) for row in data.unseen(course, given.dataset, 10_000, random.Random(1))}
    assert (visible & hidden, len(visible) + len(hidden)) == (set(), 7_043)


@pytest.mark.parametrize("kind", ["starter", "solution"])
def test_two_bundles_are_the_same_bytes(course: Course, lab04: Lab, kind: Kind) -> None:
    """A bundle depends on the lab alone."""
    assert bundle.files(course, lab04, kind) == bundle.files(course, lab04, kind)


def test_writing_replaces_what_stands_there(small: Course, small_lab: Lab, tmp_path: Path) -> None:
    """Building again over an older build gives the new one; files of other names stay."""
    (tmp_path / "01-adding.ipynb").write_text("old", encoding="utf-8")
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    bundle.write(small, small_lab, "solution", tmp_path)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    assert files == {**bundle.files(small, small_lab, "solution"), "mine.txt": b"mine"}
