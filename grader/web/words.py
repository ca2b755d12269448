"""What pages call things: fixed sentences, so that no address can put words into a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from grader.gradebook.late import GraceBudget, HardStop, LatePolicy, PerDay

NOTICES: Mapping[str, str] = {
    "password": "Your password is changed; you are signed out everywhere else.",
    "handed-in": "It was accepted: receipt {number}. It will be graded, whatever happens.",
    "marked": "The mark is given.",
    "commented": "The comment is written; the student sees it beside the released result.",
    "regraded": "{number} to be graded again. Nothing changes for students before you release it.",
    "released": "{number} results are shown to their students now.",
    "revealed": "The hidden checks are shown now, in every released result.",
    "retried": "It will be tried again.",
    "enrolled": "{number} people are in the course as you said.",
    "assigned": "The assignment is set.",
    "made": "The course is there.",
    "extended": "The dates are moved.",
    "kept": "Your answer is kept. Nothing is marked before you hand it in.",
    "taken-back": "Your answer is taken back.",
    "revoked": "The token has ended.",
}
SIGNS: Mapping[str, str] = {"passed": "✓", "partial": "◐", "failed": "✗", "not_run": "·", "unavailable": "?"}
STATES: Mapping[str, str] = {
    "waiting": "waits to be graded",
    "running": "is being graded",
    "graded": "is graded, and not released yet",
    "released": "is graded",
    "stuck": "could not be graded, through our fault: somebody looks at it",
}


def status_words(status: str) -> str:
    """A check's status."""
    return status.replace("_", " ")


def outcome_words(outcome: str) -> str:
    """How a run ended."""
    return {
        "finished": "ran to its end", "student_error": "stopped at an error", "timed_out": "took too long",
        "out_of_memory": "ran out of memory", "tampered": "was changed after it was sealed",
        "sandbox_failed": "the sandbox failed (our fault)", "service_failed": "a service failed (our fault)",
        "grader_failed": "the grader failed (our fault)",
    }.get(outcome, outcome.replace("_", " "))  # fmt: skip


def due(at: datetime, now: datetime) -> str:
    """How far away a due date is."""
    days = abs(at - now) / timedelta(days=1)
    number = f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours" if days * 24 >= 2 else f"{days * 1440:.0f} minutes"
    return f"due in {number}" if at > now else f"{number} ago"


def lateness(policy: LatePolicy) -> str:
    """A late policy in a sentence."""
    if isinstance(policy, PerDay):
        floor = f", down to {policy.floor:g} % of them" if policy.floor else ""
        return f"each started day late takes {policy.percent:g} % of the points{floor}"
    if isinstance(policy, GraceBudget):
        return f"{policy.days} days of grace for the whole course, then {policy.percent:g} % a day"
    if isinstance(policy, HardStop):
        return "nothing is taken after the due date"
    return "late work counts in full until the assignment closes"
