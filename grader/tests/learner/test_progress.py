"""How far a learner is, and what comes next, follows from the record alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.course.tree import Course
from grader.errors import BadInput
from grader.learner.progress import Step, next_step, steps
from grader.learner.record import Record

LAB = "01-adding"
START = ("begin with module 01, Adding", "mlops start 01")


def event(time: float, kind: str, **details: Any) -> dict[str, Any]:
    """An event of the small course's only lab, so many seconds after the beginning."""
    return {"schema": 1, "time": 1000.0 + time, "event": kind, "lab": LAB, **details}


STARTED = event(0, "started", folder="/x")
FAILED = event(60, "checked", earned=40.0, possible=100.0, checks={"adds": ["failed", "3"], "means": ["passed", ""]})
SOLVED = event(120, "checked", earned=100.0, possible=100.0, checks={"adds": ["passed", ""], "means": ["passed", ""]})
AFTERWARDS = event(7200, "checked", earned=40.0, possible=100.0, checks={"adds": ["failed", "3"], "means": ["passed", ""]})
QUIZ = event(7260, "quiz_finished", score=2.5, possible=3, attempt="a")

STORIES: dict[str, tuple[list[dict[str, Any]], Step, tuple[str, str]]] = {
    "nothing-yet": ([], Step(LAB, "Adding", LAB, None, None, None, 0), START),
    "started": (
        [STARTED], Step(LAB, "Adding", LAB, None, None, None, 0),
        ("work on lab 01, Adding, then have it checked", "mlops check"),
    ),
    "failed": (
        [STARTED, FAILED], Step(LAB, "Adding", LAB, 40, 40, None, 60),
        ("lab 01: the check to work on is adds", "mlops check"),
    ),
    "solved": (
        [STARTED, FAILED, SOLVED], Step(LAB, "Adding", LAB, 100, 100, None, 120),
        ("lab 01 is solved; take its quiz", "mlops quiz 01"),
    ),
    "played-on-after-a-pause": (
        [STARTED, FAILED, SOLVED, AFTERWARDS, QUIZ], Step(LAB, "Adding", LAB, 40, 100, (2.5, 3), 180),
        ("every lab is solved; what is left are quizzes and drills", "mlops progress"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_step_and_what_comes_next(small: Course, tmp_path: Path, story: str) -> None:
    """The last and the best points, the best quiz, time without pauses; and one thing to do."""
    events, step, following = STORIES[story]
    record = Record(tmp_path)
    record.merge(json.dumps(one) for one in events)
    assert (steps(small, record), next_step(small, record)) == ([step], following)


def test_two_machines_become_one(tmp_path: Path) -> None:
    """Merging adds what is missing, in the order of time, once; the file that was there keeps its lines."""
    here, there = Record(tmp_path / "here"), Record(tmp_path / "there")
    here.merge([json.dumps(STARTED), json.dumps(SOLVED)])
    there.merge([json.dumps(STARTED), json.dumps(FAILED)])
    assert (here.merge(there.lines()), here.merge(there.lines())) == (1, 0)
    assert list(here.events()) == [STARTED, FAILED, SOLVED]


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"schema": 2, "event": "started"}'])
def test_what_is_no_record(tmp_path: Path, line: str) -> None:
    """A line that is no event refuses the whole file: nothing was added."""
    record = Record(tmp_path)
    with pytest.raises(BadInput) as error:
        record.merge([json.dumps(STARTED), line])
    assert str(error.value) == "line 2 is no event of a record (name the file that `mlops export` wrote)"
    assert list(record.events()) == []


def test_points_that_no_check_gives(tmp_path: Path) -> None:
    """More points than there are refuse the whole file, too."""
    record = Record(tmp_path)
    with pytest.raises(BadInput) as error:
        record.merge([json.dumps(SOLVED), json.dumps({**SOLVED, "earned": 500, "possible": 100})])
    said = "line 2 says 500 of 100 points, which no check can give (name the file as `mlops export` wrote it)"
    assert str(error.value) == said
    assert list(record.events()) == []
