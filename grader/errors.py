"""What can go wrong, told apart by whose turn it is to act: the person at the keyboard or us.

Every error carries a message that says what was expected, what was found and what to do next. The command line prints
that message alone, never a traceback, and leaves with `exit_code` (design, section 8).
"""

from __future__ import annotations


class CourseError(Exception):
    """Base of all errors that a person may meet; `next_step` says how to get out of it."""

    exit_code = 3

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} ({self.next_step})" if self.next_step else self.message


class BadInput(CourseError):
    """The command, a file or a submission can't be used as it is. Nothing was written."""

    exit_code = 2


class ContentError(BadInput):
    """A content file breaks a rule; `problems` holds one `path:line: message (fix)` each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class OurFault(CourseError):
    """Something of ours failed: it is retried, reported as ours, and never costs a learner an attempt."""

    outcome = "grader_failed"


class ServiceFailed(OurFault):
    """A live service could not be started, reached or asked."""

    outcome = "service_failed"


class SandboxFailed(OurFault):
    """A sandbox could not be made, or vanished through no act of the code in it."""

    outcome = "sandbox_failed"


class Unavailable(CourseError):
    """This machine lacks something that the work needs (Docker, a cluster); the message names it and the cure."""

    exit_code = 2
