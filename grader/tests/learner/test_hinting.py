"""A hint says what the check has not said: `next` is the first text that fits, the hints are those after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli.hinting import next_hint
from grader.course.tree import Course, Lab
from grader.learner import last_result
from grader.learner.last_result import Kept
from grader.learner.record import Record
from grader.result import CheckResult, Result

CHECK = "best-run"


@pytest.fixture
def lab04(course: Course) -> Lab:
    return course.lab("04")


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The record of somebody who has checked nothing yet."""
    monkeypatch.setenv("MLOPS_HOME", str(tmp_path))
    return Record(tmp_path)


def tell(learner: Record, home: Path, lab: Lab, found: str, said: str) -> None:
    """A check that failed here: what it found, and what it said to do next."""
    statement = CheckResult(
        id=CHECK, task=CHECK, statement="It is.", status="failed", earned=0, possible=14, found=found, next=said
    )
    result = Result(
        lab=lab.id, lab_version="v", submission="x", student=None, submission_sha256="h", outcome="finished", earned=0,
        possible=14, checks=(statement,),
    )  # fmt: skip
    last_result.keep(home, Kept(result=result, sources={}))
    learner.add("checked", lab.id, earned=0, possible=14, outcome="finished", checks={CHECK: ("failed", found)})


def hints(learner: Record, lab: Lab, count: int) -> list[tuple[int, int, str]]:
    return [(said.tier, said.of, said.text) for said in (next_hint(lab, learner, CHECK) for _ in range(count))]


def test_what_the_check_said_is_no_hint(learner: Record, tmp_path: Path, lab04: Lab) -> None:
    """Three tiers come after it, whether the check spoke of its finding, or said the same to everybody; the last one stays."""
    spec = next(one for one in lab04.spec.checks if one.id == CHECK)
    general = spec.hints_for("")
    tie = spec.hints_for("tie")[0]
    tell(learner, tmp_path, lab04, "nothing", general[0])
    assert hints(learner, lab04, 4) == [(1, 3, general[1]), (2, 3, general[2]), (3, 3, general[3]), (3, 3, general[3])]
    tell(learner, tmp_path, lab04, "tie: chose 'later'", tie)
    assert hints(learner, lab04, 1) == [(4, 4, general[3])]


def test_of_a_record_from_another_machine(learner: Record, lab04: Lab) -> None:
    """What was said there is not known here: it was the first text that fits."""
    general = next(one for one in lab04.spec.checks if one.id == CHECK).hints_for("")
    learner.add("checked", lab04.id, earned=0, possible=14, outcome="finished", checks={CHECK: ("failed", "nothing")})
    assert hints(learner, lab04, 1) == [(1, 3, general[1])]


def test_a_sentence_of_the_check_s_own_leaves_all_hints(learner: Record, tmp_path: Path, lab04: Lab) -> None:
    """Some checks word `next` themselves; then the first text has not been said yet."""
    general = next(one for one in lab04.spec.checks if one.id == CHECK).hints_for("")
    tell(learner, tmp_path, lab04, "nothing", "Look behind you.")
    assert hints(learner, lab04, 1) == [(1, 4, general[0])]
