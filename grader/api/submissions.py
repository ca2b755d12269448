"""Submissions and what comes of them, as they go over the wire: states, results, marks, attempts, scores, the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from grader.api.objects import Asked, Line, Points, Reason, Told, Words
from grader.result import Result


class Regrade(Asked):
    """Grade again: `all`, those without full marks (`failed`), or those that failed through our fault (`ours`). `again`:
    also what this version of the lab graded already."""

    which: Literal["all", "failed", "ours"] = "all"
    reason: Reason
    again: bool = False


class RegradeOne(Asked):
    """Grade one submission again."""

    reason: Reason
    again: bool = True


class Regrading(Told):
    """How many submissions were meant, and how many of them wait now; the others are graded on this version already."""

    meant: int
    waiting: int


class Released(Told):
    """How many results their students see from now on that they did not see before."""

    released: int


class NewMark(Asked):
    """Points by hand for a check, or (`check` empty) on top of the sum; null takes back what was given."""

    check: Line = ""
    points: Points | None
    reason: Reason


class MarkShown(Told):
    """A mark by hand."""

    check: str
    points: float | None
    reason: str
    given_by: str
    created_at: datetime


class NewComment(Asked):
    """Words about a submission, or about one of its checks."""

    check: Line = ""
    words: Words


class CommentShown(Told):
    """A comment."""

    check: str
    words: str
    written_by: str
    created_at: datetime


State = Literal["waiting", "running", "graded", "released", "stuck"]
"""Of a submission: in the queue; being graded; graded and not shown yet; shown; failed through our fault, a person looks."""
FINAL: tuple[State, ...] = ("graded", "released", "stuck")


class Status(Told):
    """Where a submission is."""

    submission: int
    course: str
    assignment: str
    student: str
    sha256: str
    received_at: datetime
    state: State
    ahead: int = 0
    """How many gradings go before it, as it looks now."""
    regrading: bool = False
    earned: float | None = None
    """By the result that one may see: the released one, or (for who teaches) the last."""
    possible: float | None = None


class Submissions(Told):
    """A page of submissions, the newest first."""

    items: tuple[Status, ...]
    next: str | None = None


class Receipt(Told):
    """That an upload was accepted: from here on it is graded, whatever happens."""

    receipt: int
    submission: int
    repeated: bool
    """Whether this request was answered before, by its idempotency key."""
    sha256: str
    status: str
    """Where to ask what has become of it."""
    events: str
    """Where to be told."""


class Feedback(Told):
    """What a submission came to, as far as one may see it."""

    submission: int
    attempt: int
    released: bool
    result: Result
    earned: float
    """By the grader and by hand, before lateness."""
    possible: float
    held_back: float = 0.0
    """Points of hidden checks, which are not part of the above before they are revealed."""
    marks: tuple[MarkShown, ...]
    comments: tuple[CommentShown, ...]


class ChangeShown(Told):
    """A check that two attempts judge differently."""

    check: str
    before: str | None
    after: str | None
    points: float


class AttemptShown(Told):
    """One grading of a submission: who asked for it and why, and what it says differently from the one before."""

    number: int
    outcome: str
    earned: float
    possible: float
    released: bool
    counts: bool
    lab_version: str
    requested_by: str | None
    reason: str
    created_at: datetime
    changes: tuple[ChangeShown, ...]


class Attempts(Told):
    """All attempts at a submission, in order."""

    items: tuple[AttemptShown, ...]


class DeadLetter(Told):
    """A grading that failed through our fault too often, and waits for a person."""

    job: int
    submission: int
    assignment: str
    student: str
    tries: int
    fault: str


class Jobs(Told):
    """A course's part of the queue."""

    depth: dict[Literal["waiting", "leased", "done", "dead"], int]
    dead: tuple[DeadLetter, ...]


class ScoreShown(Told):
    """A score, and how lateness came into it."""

    assignment: str
    submission: int | None = None
    points: float | None = None
    """What counts; null without a result that one may see."""
    earned: float | None = None
    possible: float | None = None
    days_late: int = 0
    share: float = 1.0
    held_back: bool = False
    """Whether there is a score, not shown before the assignment's hidden checks are revealed."""


class Row(Told):
    """A student's scores, in the order of the assignments."""

    student: str
    full_name: str
    scores: tuple[ScoreShown, ...]
    total: float


class Gradebook(Told):
    """A page of the gradebook: all assignments, some students."""

    assignments: tuple[str, ...]
    items: tuple[Row, ...]
    next: str | None = None
