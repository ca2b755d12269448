"""The course's own proof, on both backends: what `mlops verify` says of the real content."""

from __future__ import annotations

import pytest

from grader.course.tree import Lab
from grader.grading import verify
from grader.grading.grade import Place
from grader.grading.lessons import run_lessons

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]


def test_every_sample_of_lab_04_gets_exactly_its_declared_verdict(place: Place, lab04: Lab) -> None:
    """Solution, starter and each known-wrong sample: points by check and outcome as declared."""
    rows = list(verify.verify(lab04, place, jobs=2))
    assert [row.sample for row in rows] == ["solution", "starter", *(s.id for s in lab04.samples())]
    assert {row.sample: row.problems for row in rows if row.problems} == {}


def test_every_check_of_lab_04_is_killed_by_a_sample(lab04: Lab) -> None:
    """A check that no sample fails would not be a check."""
    assert verify.unkilled(lab04) == []


def test_the_lessons_of_module_04_run_from_top_to_bottom(place: Place) -> None:
    """No cell raises, none is left out."""
    if place.backend.name != "local":
        pytest.skip("lessons use git and a shell of the learner's machine, so they are proved where learners run them")
    rows = list(run_lessons(place.course.module("04"), place))
    assert {row.sample: row.problems for row in rows} == dict.fromkeys(place.course.module("04").spec.lessons, ())
