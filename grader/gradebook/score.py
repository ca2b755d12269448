"""A score, derived each time from what was recorded: results, manual marks, lateness. Nothing here is ever stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grader.gradebook.late import Dates, GraceBudget, LatePolicy, days_late, share
from grader.result import CheckResult, Result

if TYPE_CHECKING:
    from grader.gradebook.tables import Counts


@dataclass(frozen=True)
class Given:
    """A mark given by hand, in the order of giving; `points` None takes back what was given for the check."""

    check: str
    points: float | None


@dataclass(frozen=True)
class Graded:
    """A submission that has a result: when it came first and last, and its points before lateness."""

    submission: int
    received: datetime
    last_received: datetime
    earned: float
    possible: float


@dataclass(frozen=True)
class Asked:
    """An assignment as one person has it: with their own dates, and what they handed in that is graded."""

    assignment: int
    dates: Dates
    policy: LatePolicy
    counts: Counts | str
    handed_in: tuple[Graded, ...]


@dataclass(frozen=True)
class Score:
    """What a person has for an assignment, and how it came to be."""

    submission: int
    earned: float
    """By the grader and by hand, before lateness."""
    possible: float
    days_late: int
    share: float
    """What lateness left of it."""

    @property
    def points(self) -> float:
        """What counts."""
        return round(self.earned * self.share, 2)


def earned(result: Result, marks: Sequence[Given]) -> float:
    """Points by the result, with the checks that a person marked in their place, and what was added to the sum. Never
    below 0; a mark may give more than a check is worth."""
    last = {mark.check: mark.points for mark in marks}
    added = last.pop("", 0.0) or 0.0
    by_check = {check.id: check.earned for check in result.checks}
    by_check |= {check: points for check, points in last.items() if points is not None and check in by_check}
    total = sum(by_check.values()) if by_check else result.earned
    return max(round(total + added, 2), 0.0)


def of_person(asked: Sequence[Asked]) -> dict[int, Score]:
    """One person's scores in a course, by assignment. A grace budget is spent on what is due first, by the submission that
    counts there."""
    scores, spent = dict[int, Score](), 0
    for one in sorted(asked, key=lambda a: (a.dates.due is None, a.dates.due, a.assignment)):
        left = max(one.policy.days - spent, 0) if isinstance(one.policy, GraceBudget) else 0
        found = chosen(one, left)
        if found is not None:
            scores[one.assignment] = found
            spent += min(found.days_late, left)
    return scores


def chosen(asked: Asked, grace: int = 0) -> Score | None:
    """The score that counts: of the best submission, or of what was handed in last. Of two alike, the earlier one."""
    if not asked.handed_in:
        return None
    if asked.counts == "last":
        return _score(asked, max(asked.handed_in, key=lambda g: (g.last_received, g.submission)), grace)
    scores = [_score(asked, graded, grace) for graded in asked.handed_in]
    return max(scores, key=lambda score: (score.points, -score.days_late, -score.submission))


def _score(asked: Asked, graded: Graded, grace: int) -> Score:
    """Late by its first receipt: the content was there by then."""
    days = days_late(graded.received, asked.dates.due)
    kept = share(asked.policy, days, min(days, grace))
    return Score(graded.submission, graded.earned, graded.possible, days, round(kept, 6))


def charged(states: Sequence[str], limit: int | None) -> int | None:
    """How many submissions a person has left; None without a limit. Each of `states` is a submission's: `graded` and
    `waiting` are charged, `ours` (it failed through our fault alone) is not."""
    return None if limit is None else max(limit - sum(state != "ours" for state in states), 0)


@dataclass(frozen=True)
class Change:
    """One check that two attempts judge differently; None where an attempt has no such check."""

    check: str
    before: CheckResult | None
    after: CheckResult | None

    @property
    def points(self) -> float:
        """Gained (or, below 0, lost)."""
        return round((self.after.earned if self.after else 0.0) - (self.before.earned if self.before else 0.0), 2)


@dataclass(frozen=True)
class Difference:
    """What a later attempt says differently from an earlier one."""

    fields: Mapping[str, tuple[Any, Any]]
    """Of the result itself (outcome, earned, possible, lab_version), before and after, where they differ."""
    checks: tuple[Change, ...]


def difference(before: Result, after: Result) -> Difference:
    """Compare two results, check by check, in the order of the later one; checks that are gone come last."""
    names = ("outcome", "earned", "possible", "lab_version")
    fields = {n: (getattr(before, n), getattr(after, n)) for n in names if getattr(before, n) != getattr(after, n)}
    old, new = ({check.id: check for check in result.checks} for result in (before, after))
    changes = (Change(check, old.get(check), new.get(check)) for check in [*new, *(c for c in old if c not in new)])
    return Difference(fields, tuple(change for change in changes if change.before != change.after))
