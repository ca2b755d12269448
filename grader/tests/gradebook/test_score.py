"""A score is a function of what was recorded: results, marks, lateness."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grader.gradebook.late import Dates, GraceBudget, LatePolicy, NoPenalty, PerDay
from grader.gradebook.score import (
    Asked,
    Change,
    Difference,
    Given,
    Graded,
    Score,
    charged,
    chosen,
    difference,
    earned,
    of_person,
)
from grader.tests.gradebook.small_class import FULL, MONDAY, result

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("marks", "points"),
    [
        ([], 60),
        ([Given("means", 25)], 85),
        ([Given("means", 25), Given("means", 30)], 90),
        ([Given("means", 25), Given("means", None)], 60),
        ([Given("adds", 0)], 0),
        ([Given("", 5)], 65),
        ([Given("", 5), Given("", -10)], 50),
        ([Given("", -100)], 0),
        ([Given("means", 50)], 110),
        ([Given("gone", 50)], 60),
    ],
    ids=str,
)
def test_marks_by_hand(marks: list[Given], points: float) -> None:
    """For a check: in place of the grader's points; the last one holds, None takes it back. Without a check: on top. A mark
    for a check that the lab no longer has does nothing. Never below 0."""
    assert earned(result({"adds": 60}), marks) == points


def asked(
    handed_in: list[tuple[int, int, float]], late: LatePolicy | None = None, counts: str = "best", assignment: int = 1
) -> Asked:
    """Submissions as (number, days after the due date, points)."""
    graded = tuple(Graded(n, MONDAY + days * DAY, MONDAY + days * DAY, points, 100) for n, days, points in handed_in)
    return Asked(assignment, Dates(due=MONDAY + assignment * DAY - DAY), late or NoPenalty(), counts, graded)


def test_nothing_handed_in_has_no_score() -> None:
    """None, not 0: the two are told apart."""
    assert chosen(asked([])) is None


def test_the_best_submission_counts_after_lateness() -> None:
    """90 two days late at 10 percent a day is less than 80 in time; of two alike the one in time."""
    assert chosen(asked([(1, 0, 80), (2, 2, 90)], PerDay(percent=10))) == Score(1, 80, 100, 0, 1)
    assert chosen(asked([(1, 0, 80), (2, 2, 90)], NoPenalty())) == Score(2, 90, 100, 2, 1)
    assert chosen(asked([(1, 1, 90), (2, 0, 81)], PerDay(percent=10))) == Score(2, 81, 100, 0, 1)


def test_the_last_submission_counts_where_the_assignment_says_so() -> None:
    """Even if it is worse; one handed in again is the last again, late by when it first came."""
    assert chosen(asked([(1, 0, 80), (2, 1, 70)], counts="last")) == Score(2, 70, 100, 1, 1)
    again = Graded(1, MONDAY, MONDAY + 3 * DAY, 80, 100)
    later = Graded(2, MONDAY + DAY, MONDAY + DAY, 70, 100)
    both = Asked(1, Dates(due=MONDAY), PerDay(percent=10), "last", (again, later))
    assert chosen(both) == Score(1, 80, 100, 0, 1)


def test_points_are_what_lateness_left() -> None:
    """To two digits."""
    assert Score(1, 33.33, 100, 1, 0.9).points == 30.0


def test_a_grace_budget_is_spent_on_what_is_due_first() -> None:
    """Three days: two on the first, one of two on the second, none left for the third. What is in time spends nothing."""
    late = GraceBudget(days=3, percent=20)
    three = [asked([(n, n - 1 + days, 100)], late, assignment=n) for n, days in ((1, 2), (2, 2), (3, 1), (4, 0))]
    found = of_person(list(reversed(three)))
    assert {n: (s.days_late, s.share, s.points) for n, s in found.items()} == {
        1: (2, 1, 100), 2: (2, 0.8, 80), 3: (1, 0.8, 80), 4: (0, 1, 100),
    }  # fmt: skip


def test_only_what_says_something_of_the_student_is_charged() -> None:
    """What failed through our fault costs no submission."""
    assert charged(["graded", "ours", "waiting"], 3) == 1
    assert charged(["graded"] * 5, 3) == 0
    assert charged(["graded"], None) is None


def test_the_difference_between_attempts_is_told_check_by_check() -> None:
    """What is the same is left out; a check that is new or gone has nothing on the other side."""
    before, after = result({"adds": 60}), result(FULL, version="version-2")
    assert difference(before, before) == Difference({}, ())
    told = difference(before, after)
    assert told.fields == {"earned": (60, 100), "lab_version": ("version-1", "version-2")}
    assert told.checks == (Change("means", before.checks[1], after.checks[1]),)
    assert told.checks[0].points == 40
    gone = after.model_copy(update={"checks": after.checks[:1]})
    assert difference(before, gone).checks == (Change("means", before.checks[1], None),)
    assert difference(gone, before).checks == (Change("means", None, before.checks[1]),)
