"""Puts each check to a run and turns what it says into points. A check that breaks is our fault, never the student's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from grader.checks.expect import Fail, NotRun
from grader.checks.lab import Lab
from grader.checks.registry import Check
from grader.errors import CourseError, OurFault
from grader.result import CheckResult, Status
from grader.services.mlflow_questions import NoSuchRun
from grader.services.postgres_questions import BadQuery
from grader.spec.lab import CheckSpec, TaskSpec

Hand = Callable[[str], Lab]
"""Makes the `Lab` that the check of this id holds in its hand."""


def judge(
    tasks: Sequence[TaskSpec], checks: Mapping[str, Check], hand: Hand, present: Collection[str] = ()
) -> list[CheckResult]:
    """The results of the tasks' checks, in their order; what needs more than is `present` here is `unavailable`.

    Raises OurFault when a check itself breaks.
    """
    return [
        _judge_one(task, spec, checks[spec.id], hand(spec.id))
        if set(spec.needs) <= set(present)
        else _unavailable(task, spec, checks[spec.id])
        for task in tasks
        for spec in task.checks
    ]


def _unavailable(task: TaskSpec, spec: CheckSpec, check: Check) -> CheckResult:
    needs = ", ".join(need.capitalize() for need in spec.needs)
    found = f"this machine has no {needs} that answers: the check was not made, and earns nothing until it is"
    return _result(task, spec, check, "unavailable", 0.0, "", found, "see `mlops doctor`, then check again")


def not_run(tasks: Sequence[TaskSpec], checks: Mapping[str, Check], found: str) -> list[CheckResult]:
    """The results when there is nothing to ask: every check earns 0."""
    return [
        _result(task, spec, checks[spec.id], "not_run", 0.0, "", found, _first_hint(spec, found))
        for task in tasks
        for spec in task.checks
    ]


def _judge_one(task: TaskSpec, spec: CheckSpec, check: Check, lab: Lab) -> CheckResult:
    try:
        check.function(lab)
    except Fail as fail:
        earned = round(spec.points * fail.share, 2)
        status: Status = "partial" if earned else "failed"
        step = fail.next_step or _first_hint(spec, fail.found)
        return _result(task, spec, check, status, earned, fail.expected, fail.found, step)
    except (NoSuchRun, BadQuery) as missing:
        expected = "what the check asks for, on the service"
        return _result(task, spec, check, "failed", 0.0, expected, str(missing), _first_hint(spec, str(missing)))
    except NotRun as missing:
        step = missing.next_step or _first_hint(spec, missing.found)
        return _result(task, spec, check, "not_run", 0.0, missing.expected, missing.found, step)
    except CourseError:
        raise
    except Exception as error:  # whatever an author's check raises is our fault, and must not take the run down
        raise OurFault(f"check {check.id!r} broke: {type(error).__name__}: {error}") from error
    return _result(task, spec, check, "passed", spec.points, "", "", "")


def _result(
    task: TaskSpec, spec: CheckSpec, check: Check, status: Status, earned: float, expected: str, found: str, step: str
) -> CheckResult:
    return CheckResult(
        id=spec.id, task=task.id, statement=check.statement, status=status, earned=earned, possible=spec.points,
        expected=expected, found=found, next=step,
    )  # fmt: skip


def _first_hint(spec: CheckSpec, found: str) -> str:
    hints = spec.hints_for(found)
    return hints[0] if hints else ""
