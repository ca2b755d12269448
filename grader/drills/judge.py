"""Puts a drill's checks to what the learner made of it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.expect import Fail
from grader.drills.drill import Drill
from grader.drills.script import Check, Script
from grader.errors import CourseError, OurFault
from grader.services.mlflow_questions import NoSuchRun


@dataclass(frozen=True)
class Verdict:
    """Whether a check's statement holds; what it expected and found, and what to do next, when it doesn't."""

    id: str
    statement: str
    passed: bool
    expected: str = ""
    found: str = ""
    next: str = ""


def judge(script: Script, drill: Drill) -> list[Verdict]:
    """All verdicts, in the order of the file. Raises OurFault when a check itself breaks."""
    return [_one(check, drill) for check in script.checks]


def _one(check: Check, drill: Drill) -> Verdict:
    try:
        check.function(drill)
    except Fail as fail:
        return Verdict(check.id, check.statement, False, fail.expected, fail.found, fail.next_step)
    except NoSuchRun as missing:
        return Verdict(check.id, check.statement, False, "what the check asks for, on the service", str(missing))
    except CourseError:
        raise
    except Exception as error:  # whatever an author's check raises is our fault
        raise OurFault(f"check {check.id!r} broke: {type(error).__name__}: {error}") from error
    return Verdict(check.id, check.statement, True)
