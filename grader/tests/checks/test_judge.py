"""From what a check says to points, and from a check that breaks to our fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from grader.checks import Fail, Lab, NotRun
from grader.checks.judge import judge, not_run
from grader.checks.registry import Check
from grader.course.tree import Course
from grader.course.tree import Lab as LabFolder
from grader.errors import OurFault, ServiceFailed
from grader.result import CheckResult
from grader.tests.checks.in_process import lab_with

MEANS = CheckResult(id="means", task="mean", statement="It finds the mean.", status="passed", earned=40, possible=40)
FIRST_HINT = "Look at the operator."


@pytest.fixture
def judged(course: Course, small_lab: LabFolder) -> Callable[..., list[CheckResult]]:
    """Judges with this function as check `adds`; `means` always passes."""

    def run(adds: Callable[[Lab], None], **namespace: Any) -> list[CheckResult]:
        checks = checks_with(adds)
        return judge(small_lab.spec.tasks, checks, lambda check: lab_with(course, small_lab, check, **namespace))

    return run


def checks_with(adds: Callable[[Lab], None]) -> Mapping[str, Check]:
    """The small lab's two checks."""
    return {
        "adds": Check("adds", "It adds.", adds, 1),
        "means": Check("means", "It finds the mean.", lambda lab: None, 2),
    }


def adds(status: str, earned: float, expected: str = "", found: str = "", step: str = "") -> CheckResult:
    """The result of check `adds`."""
    return CheckResult.model_validate({
        "id": "adds", "task": "add", "statement": "It adds.", "status": status, "earned": earned, "possible": 60.0,
        "expected": expected, "found": found, "next": step,
    })  # fmt: skip


def _raise(error: Exception) -> Callable[[Lab], None]:
    def check(lab: Lab) -> None:
        raise error

    return check


VERDICTS: dict[str, tuple[Callable[[Lab], None], CheckResult]] = {
    "passed": (lambda lab: None, adds("passed", 60)),
    "failed": (_raise(Fail("3", "4")), adds("failed", 0, "3", "4", FIRST_HINT)),
    "failed-with-advice": (_raise(Fail("3", "4", "Add them.")), adds("failed", 0, "3", "4", "Add them.")),
    "partial": (_raise(Fail("3", "4", share=1 / 3)), adds("partial", 20, "3", "4", FIRST_HINT)),
    "share-too-small-to-count": (_raise(Fail("3", "4", share=1e-6)), adds("failed", 0, "3", "4", FIRST_HINT)),
    "not-run": (_raise(NotRun("no add", "a cell", "Run it.")), adds("not_run", 0, "a cell", "no add", "Run it.")),
    "half-a-surrogate-pair": (_raise(Fail("3", "'\ud800'")), adds("failed", 0, "3", "'?'", FIRST_HINT)),
}


@pytest.mark.parametrize(("check", "result"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(judged: Callable[..., list[CheckResult]], check: Callable[[Lab], None], result: CheckResult) -> None:
    """Each check's word becomes status, points and the first hint that fits; the other checks stand by themselves."""
    assert judged(check) == [result, MEANS]


ANSWERS = {
    "number-that-no-float-holds": 10**400,
    "nan": float("nan"),
    "text": "3",
    "nothing": None,
    "half-a-surrogate-pair": "\ud800",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_answer_breaks_a_check(judged: Callable[..., list[CheckResult]], answer: Any) -> None:
    """An odd answer fails the check: it can't make the check itself break, which would be our fault and cost nothing."""
    by_number = judged(lambda lab: lab.expect("sum", lab.call("add")).close_to(3, within=1), add=lambda: answer)
    by_value = judged(lambda lab: lab.expect("sum", lab.call("add")).equals(3), add=lambda: answer)
    assert [(results[0].status, results[0].earned) for results in (by_number, by_value)] == [("failed", 0)] * 2


def test_check_that_breaks_is_our_fault(judged: Callable[..., list[CheckResult]]) -> None:
    """A bug in a check is never charged to the student."""
    with pytest.raises(OurFault) as error:
        judged(_raise(ZeroDivisionError("division by zero")))
    assert (str(error.value), error.value.outcome) == (
        "check 'adds' broke: ZeroDivisionError: division by zero",
        "grader_failed",
    )


def test_service_that_fails_during_a_check_is_ours_too(judged: Callable[..., list[CheckResult]]) -> None:
    """A dead service keeps its own name on the way out."""
    with pytest.raises(ServiceFailed, match="MLflow is gone"):
        judged(_raise(ServiceFailed("MLflow is gone")))


def test_nothing_ran(small_lab: LabFolder) -> None:
    """When nothing ran every check earns 0, for the reason given."""
    results = not_run(small_lab.spec.tasks, checks_with(lambda lab: None), "nothing ran")
    assert [(r.id, r.status, r.earned, r.possible, r.found, r.next) for r in results] == [
        ("adds", "not_run", 0, 60, "nothing ran", FIRST_HINT),
        ("means", "not_run", 0, 40, "nothing ran", "Divide."),
    ]


def test_a_check_that_needs_what_is_not_here(course: Course, small: Course, small_lab: LabFolder) -> None:
    """It is not asked, earns nothing, and says so; what needs nothing is judged as ever; and where it is here, so is it."""
    spec = small_lab.folder / "lab.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("      - id: adds\n", "      - id: adds\n        needs: [docker]\n"))
    lab, asked = small.lab(small_lab.id), []
    checks = checks_with(lambda hand: asked.append(hand))
    without, with_docker = (
        judge(lab.spec.tasks, checks, lambda check: lab_with(course, lab, check), present) for present in ((), ("docker",))
    )
    assert [(c.id, c.status, c.earned) for c in without] == [("adds", "unavailable", 0), ("means", "passed", 40)]
    assert without[0].found.startswith("this machine has no Docker that answers")
    assert (with_docker[0].status, len(asked)) == ("passed", 1)
