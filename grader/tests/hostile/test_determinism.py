"""The same submission gets the same scores, alone and in a crowd."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from grader.course.tree import Lab
from grader.grading import samples
from grader.grading.batch import grade_all
from grader.grading.submission import Submission
from grader.result import Result
from grader.tests.hostile.arena import Arena

pytestmark = [pytest.mark.services, pytest.mark.docker]
TIMES = int(os.environ.get("MLOPS_DETERMINISM_TIMES", "3"))
"""Set it to 20 for the thorough version, with every sample of the lab."""
THOROUGH = 20
SAMPLES = ("constant-metric", "ties-by-the-latest", "split-ignores-the-seed")


def _submissions(lab: Lab) -> list[Submission]:
    chosen = [sample for sample in lab.samples() if sample.id in SAMPLES or TIMES >= THOROUGH]
    assert {sample.id for sample in chosen} >= set(SAMPLES)
    return [samples.solution(lab)[0], *(samples.wrong(lab, sample)[0] for sample in chosen)]


def _scores(result: object) -> str:
    assert isinstance(result, Result)
    return repr([(check.id, check.status, check.earned) for check in result.checks])


@pytest.mark.parametrize("jobs", [1, 2], ids=["alone", "with-others-beside"])
def test_scores_repeat(jobs: int, arenas: Callable[[str], Arena], lab04: Lab, request: pytest.FixtureRequest) -> None:
    """Each submission, graded several times, has one score; and the crowd changes nothing about it."""
    arena = arenas("docker")
    seen: dict[str, set[str]] = {}
    for turn in range(1, TIMES + 1):
        for submission, result in grade_all(lab04, _submissions(lab04), arena.place, jobs):
            seen.setdefault(submission.path, set()).add(_scores(result))
        assert {name: len(scores) for name, scores in seen.items()} == dict.fromkeys(seen, 1), seen
        print(f"{turn} of {TIMES}: {len(seen)} submissions, {jobs} at a time, the same scores")  # noqa: T201  # an hour, with -s
    earlier = request.config.stash.setdefault(SEEN, {})
    assert {name: earlier.setdefault(name, scores) for name, scores in seen.items()} == seen


SEEN = pytest.StashKey[dict[str, set[str]]]()
