"""Late policies: whole tables of what is kept, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grader.errors import BadInput
from grader.gradebook.late import (
    Dates,
    GraceBudget,
    HardStop,
    LatePolicy,
    NoPenalty,
    PerDay,
    accepts,
    days_late,
    extended,
    policy,
    share,
)  # fmt: skip

DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("after", "days"),
    [(-DAY, 0), (timedelta(0), 0), (SECOND, 1), (DAY, 1), (DAY + SECOND, 2), (10 * DAY, 10)],
    ids=str,
)
def test_each_started_day_counts(after: timedelta, days: int) -> None:
    """In time up to the due second; from then on every started day is one."""
    assert days_late(DUE + after, DUE) == days


def test_nothing_is_late_without_a_due_date() -> None:
    """However late it is."""
    assert days_late(DUE, None) == 0


@pytest.mark.parametrize(
    ("chosen", "covered", "kept"),
    [
        (NoPenalty(), 0, [1, 1, 1, 1, 1]),
        (PerDay(percent=10), 0, [1, 0.9, 0.8, 0.7, 0.6]),
        (PerDay(percent=40), 0, [1, 0.6, 0.2, 0, 0]),
        (PerDay(percent=40, floor=50), 0, [1, 0.6, 0.5, 0.5, 0.5]),
        (GraceBudget(days=2), 2, [1, 1, 1, 0, 0]),
        (GraceBudget(days=2, percent=25), 2, [1, 1, 1, 0.75, 0.5]),
        (GraceBudget(days=2, percent=25), 0, [1, 0.75, 0.5, 0.25, 0]),
        (HardStop(), 0, [1, 0, 0, 0, 0]),
    ],
    ids=str,
)
def test_what_is_kept_by_days(chosen: LatePolicy, covered: int, kept: list[float]) -> None:
    """The share of the points after 0, 1, 2, 3 and 4 days, of which grace covers some."""
    assert [round(share(chosen, days, covered), 6) for days in range(5)] == kept


@pytest.mark.parametrize(
    ("chosen", "hours", "answer"),
    [
        (NoPenalty(), -25, "it opens at 2026-03-01 12:00 UTC"),
        (NoPenalty(), -24, ""),
        (NoPenalty(), 48, ""),
        (NoPenalty(), 49, "it closed at 2026-03-04 12:00 UTC"),
        (HardStop(), 0, ""),
        (HardStop(), 1, "it closed at 2026-03-02 12:00 UTC"),
    ],
    ids=str,
)
def test_when_work_is_accepted(chosen: LatePolicy, hours: int, answer: str) -> None:
    """From the opening to the close, both included; a hard stop closes at the due date."""
    dates = Dates(DUE - DAY, DUE, DUE + 2 * DAY)
    assert accepts(dates, chosen, DUE + timedelta(hours=hours)) == answer


def test_an_assignment_without_dates_is_always_open() -> None:
    """Whatever its policy says."""
    assert [accepts(Dates(), chosen, DUE) for chosen in (NoPenalty(), HardStop())] == ["", ""]


@pytest.mark.parametrize(
    ("dates", "due", "closes", "after"),
    [
        (Dates(None, DUE, None), DUE + DAY, None, Dates(None, DUE + DAY, None)),
        (Dates(None, DUE, DUE + DAY), DUE + 3 * DAY, None, Dates(None, DUE + 3 * DAY, DUE + 3 * DAY)),
        (Dates(None, DUE, DUE + DAY), DUE + DAY, DUE + 2 * DAY, Dates(None, DUE + DAY, DUE + 2 * DAY)),
        (Dates(DUE - DAY, DUE, DUE + 5 * DAY), DUE - DAY, DUE, Dates(DUE - DAY, DUE, DUE + 5 * DAY)),
        (Dates(), DUE, None, Dates()),
    ],
    ids=str,
)
def test_an_extension_only_gives_time(dates: Dates, due: datetime, closes: datetime | None, after: Dates) -> None:
    """It moves the due date, and the close so far that the new due date can be met; never back."""
    assert extended(dates, due, closes) == after


def test_a_policy_is_kept_as_json() -> None:
    """What is written is read again, whole."""
    all_of_them: list[LatePolicy] = [NoPenalty(), PerDay(percent=10, floor=30), GraceBudget(days=3, percent=50), HardStop()]
    assert [policy(one.model_dump_json()) for one in all_of_them] == all_of_them


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "that is no late policy"),
        ('{"kind": "sometimes"}', "that is no late policy"),
        ('{"kind": "per_day"}', "per_day.percent: Field required"),
        ('{"kind": "per_day", "percent": 101}', "per_day.percent: Input should be less than or equal to 100"),
        ('{"kind": "none", "percent": 1}', "none.percent: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_policy_is_told(text: str, says: str) -> None:
    """With the field, and an example."""
    with pytest.raises(BadInput) as told:
        policy(text)
    assert says in str(told.value)
    assert '(for example {"kind": "per_day", "percent": 10})' in str(told.value)
