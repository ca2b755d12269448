"""The capstone's own proof, on both backends: what `mlops verify capstone-0 …` says of the real milestones."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course, Milestone
from grader.grading import verify
from grader.grading.grade import Place
from grader.tests.conftest import FULL, share_of

ROOT = Path(__file__).resolve().parents[3]
MILESTONES = [file.parent.name for file in sorted(ROOT.glob("capstone/milestones/*/milestone.yaml"))]
PROVED = MILESTONES if FULL else MILESTONES[-1:]
"""The last milestone makes the core checks of all earlier ones again."""


@pytest.fixture(params=MILESTONES)
def milestone(request: pytest.FixtureRequest, course: Course) -> Milestone:
    return course.milestone(request.param)


@pytest.mark.services
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("milestone", PROVED, indirect=True)
def test_every_sample_gets_exactly_its_declared_verdict(place: Place, milestone: Milestone) -> None:
    """The reference has full marks, what there was before it the carried points alone, each known-wrong sample as declared."""
    wrong = share_of(milestone)
    rows = list(verify.verify(milestone, place, jobs=2, chosen=wrong))
    assert [row.sample for row in rows] == ["solution", "starter", *(s.id for s in wrong)]
    assert {row.sample: row.problems for row in rows if row.problems} == {}


def test_every_new_check_is_failed_by_a_sample_alone(milestone: Milestone) -> None:
    """What only others notice is no check."""
    alone = {next(iter(s.spec.fails)) for s in milestone.samples() if len(s.spec.fails) == 1}
    assert {c.id for c in milestone.spec.checks} - milestone.carried - alone == set()
    assert verify.unkilled(milestone) == []
