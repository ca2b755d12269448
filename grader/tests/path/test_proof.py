"""The course's own proof, on both backends: what `mlops verify` says of the real content."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.grading import verify
from grader.grading.grade import Place
from grader.grading.lessons import run_lessons
from grader.tests.conftest import FULL, share_of

ROOT = Path(__file__).resolve().parents[3]
LABS = [file.parent.name for file in sorted(ROOT.glob("labs/*/lab.yaml"))]
MODULES = [file.parent.name for file in sorted(ROOT.glob("modules/*/module.yaml"))]
pytestmark = [pytest.mark.services, pytest.mark.timeout(3600 if FULL else 1200)]


@pytest.fixture(params=LABS)
def lab(request: pytest.FixtureRequest, course: Course) -> Lab:
    return course.lab(request.param)


def test_every_sample_gets_exactly_its_declared_verdict(place: Place, lab: Lab) -> None:
    """Solution, starter and each known-wrong sample: points by check and outcome as declared. Unless MLOPS_PROOF is `full`
    this is proved on one backend, of the wrong ones a share (`grader/tests/conftest.py`)."""
    wrong = share_of(lab)
    rows = list(verify.verify(lab, place, jobs=2, chosen=wrong))
    assert [row.sample for row in rows] == ["solution", "starter", *(s.id for s in wrong)]
    assert {row.sample: row.problems for row in rows if row.problems} == {}


def test_every_check_is_killed_by_a_sample(lab: Lab) -> None:
    """A check that no sample fails would not be a check."""
    assert verify.unkilled(lab) == []


@pytest.mark.parametrize("module", MODULES)
def test_the_lessons_run_from_top_to_bottom(place: Place, module: str) -> None:
    """No cell raises, none is left out."""
    if place.backend.name != "local":
        pytest.skip("lessons use git and a shell of the learner's machine, so they are proved where learners run them")
    rows = list(run_lessons(place.course.module(module), place))
    assert {row.sample: row.problems for row in rows} == dict.fromkeys(place.course.module(module).spec.lessons, ())
