"""`grade()` on lab 04, on both backends: the result object whole, and what a run may and may not reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading import samples
from grader.grading.grade import Place, grade, version
from grader.grading.submission import Submission
from grader.result import Result

pytestmark = pytest.mark.services


def without_times(result: Result) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(result.json_line())
    seconds = plain.pop("seconds")
    assert set(seconds) == {"queue", "services", "cells", "checks"}
    assert all(value >= 0 for value in seconds.values())
    return plain


def test_the_solution_gets_full_marks_and_says_so_in_the_contract_s_object(place: Place, lab04: Lab) -> None:
    """The JSON object of design section 8, whole: every check passed, nothing left to explain."""
    submission, _ = samples.solution(lab04)
    plain = without_times(grade(lab04, submission, place))
    statements = {check["id"]: check.pop("statement") for check in plain["checks"]}
    assert all(text.endswith(".") for text in statements.values())
    assert plain == {
        "schema": 1,
        "lab": "04-experiment-tracking",
        "lab_version": version(place.course, lab04),
        "submission": "solution",
        "student": None,
        "submission_sha256": submission.sha256,
        "outcome": "finished",
        "detail": "",
        "earned": 100.0,
        "possible": 100.0,
        "flags": [],
        "checks": [
            {"id": check.id, "task": lab04.task_of(check.id).id, "status": "passed", "earned": check.points,
             "possible": check.points, "expected": "", "found": "", "next": ""}
            for check in lab04.spec.checks
        ],
    }  # fmt: skip


def test_the_untouched_starter_earns_nothing_on_any_check(place: Place, lab04: Lab) -> None:
    """Silence is zero: each check, not just the sum; and each says what to do next."""
    result = grade(lab04, samples.starter(lab04)[0], place)
    assert {check.id: check.earned for check in result.checks} == dict.fromkeys((c.id for c in lab04.spec.checks), 0.0)
    assert all(check.next and check.found for check in result.checks)


def test_a_found_metric_is_the_grader_s_own_and_not_the_student_s_word(place: Place, lab04: Lab) -> None:
    """A typed-in AUC is named beside the one that its own model gives."""
    sample = next(s for s in lab04.samples() if s.id == "constant-metric")
    result = grade(lab04, samples.wrong(lab04, sample)[0], place)
    check = next(c for c in result.checks if c.id == "honest-metric")
    assert (check.status, check.earned) == ("failed", 0.0)
    assert check.expected.startswith("logged auc: 0.")
    assert "recomputed from its model on the test rows" in check.expected
    assert check.found.startswith("0.84  (run ")


def test_what_was_sealed_is_what_is_graded(place: Place, lab04: Lab) -> None:
    """A bundle whose content differs from its seal is `tampered`: nothing runs, nothing is earned."""
    notebook = samples.solution(lab04)[0].notebook
    result = grade(lab04, Submission("x.zip", "eve", notebook, tampered="its content is not what was sealed"), place)
    assert (result.outcome, result.earned, {c.status for c in result.checks}) == ("tampered", 0.0, {"not_run"})


def test_a_notebook_of_another_lab_is_refused_before_anything_runs(place: Place, lab04: Lab) -> None:
    """BadInput that names the cells that were expected, and no evidence folder."""
    other = json.dumps({"cells": [{"cell_type": "code", "id": "x", "source": "1", "metadata": {}}], "metadata": {}})
    with pytest.raises(BadInput, match="none of the task cells of lab 04-experiment-tracking"):
        grade(lab04, Submission("other.ipynb", None, other.encode()), place)


def test_evidence_is_kept(place: Place, lab04: Lab) -> None:
    """The executed notebook and the result lie in the evidence folder, under the submission's hash."""
    submission, _ = samples.starter(lab04)
    result = grade(lab04, submission, place)
    attempts = place.evidence / f"own-{submission.sha256[:12]}"
    folder = attempts / f"attempt-{len(list(attempts.iterdir()))}"
    assert sorted(f.name for f in folder.iterdir()) == ["notebook.ipynb", "result.json", "submitted.ipynb"]
    assert json.loads((folder / "result.json").read_text()) == json.loads(result.json_line())
