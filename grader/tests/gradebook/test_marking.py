"""What people say of a submission, from a terminal: who and why is asked for, and shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.errors import BadInput
from grader.tests.gradebook.small_class import Clock, SmallClass
from grader.tests.gradebook.terminal import Terminal

WHEN = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d  ")


@pytest.fixture
def kind() -> str:
    """The terminal's gradebook is a file."""
    return "sqlite"


@pytest.fixture
def admin(klass: SmallClass, tmp_path: Path) -> Terminal:
    """On the small class, of which ann has 60 of 100 points."""
    klass.graded(klass.ann, {"adds": 60.0})
    return Terminal(tmp_path)


ON_ANN = ("math", "adding", "ann")
BY_TESS = ("--by", "tess", "--reason", "reads well")


def test_a_mark_takes_a_checks_place_or_is_added(admin: Terminal) -> None:
    """The last one holds, until it is taken back; what was said stays readable."""
    admin("mark", *ON_ANN, "--check", "means", "--points", "25", *BY_TESS)
    admin("mark", *ON_ANN, "--points", "-5", *BY_TESS)
    assert admin("scores", "math") == "student\tadding\nann\t80\nbob\t\n"
    assert admin("mark", *ON_ANN, "--check", "means", "--take-back", *BY_TESS).endswith("means: the mark is taken back\n")
    admin("comment", *ON_ANN, "Look at the mean again.", "--by", "tess", "--check", "means")
    assert admin("scores", "math") == "student\tadding\nann\t55\nbob\t\n"
    assert [WHEN.sub("", line) for line in admin("marks", *ON_ANN).splitlines()] == [
        "means  tess: 25 (reads well)",
        "all of it  tess: -5 (reads well)",
        "means  tess: taken back (reads well)",
        "means  tess: “Look at the mean again.”",
    ]


def test_which_submission_is_not_guessed(admin: Terminal, klass: SmallClass, clock: Clock) -> None:
    """With several, the number is asked for."""
    klass.graded(klass.ann, {"adds": 60.0}, "other work")
    with pytest.raises(BadInput, match=r"ann handed in for adding: submission 1, submission 2 \(say which submission\)"):
        admin("mark", *ON_ANN, "--points", "1", *BY_TESS)
    with pytest.raises(BadInput, match="submission 7 is not among them: ann handed in for adding: submission 1, submission 2"):
        admin("mark", *ON_ANN, "--points", "1", "--submission", "7", *BY_TESS)
    admin("mark", *ON_ANN, "--points", "1", "--submission", "2", *BY_TESS)
    assert admin("scores", "math") == "student\tadding\nann\t61\nbob\t\n"
    with pytest.raises(BadInput, match="bob handed in for adding: nothing"):
        admin("comment", "math", "adding", "bob", "Where is it?", "--by", "tess")


def test_a_mark_says_something(admin: Terminal) -> None:
    """Points or the way back, a check that is there, and a reason."""
    with pytest.raises(BadInput, match=r"a mark gives points or takes an earlier one back \(--points NUMBER, or --take-back\)"):
        admin("mark", *ON_ANN, *BY_TESS)
    with pytest.raises(BadInput, match=r"no check sums \(known: adds, means\)"):
        admin("mark", *ON_ANN, "--check", "sums", "--points", "1", *BY_TESS)
    with pytest.raises(BadInput, match="a mark needs a reason"):
        admin("mark", *ON_ANN, "--points", "1", "--by", "tess", "--reason", " ")
