"""Only where data differs is shown, when the whole would be too much to read."""

from __future__ import annotations

from typing import Any

import pytest

from grader.checks.difference import smallest

ROWS = [{"customer": f"C-{n:04d}", "churn": n % 3 == 0} for n in range(40)]
WIDE = {f"column_{n}": n for n in range(12)}


def with_row(number: int, **values: Any) -> list[dict[str, Any]]:
    return [row | values if n == number else row for n, row in enumerate(ROWS)]


CASES: dict[str, tuple[Any, Any, tuple[str, str]]] = {
    "one-value-of-a-table": (with_row(17, churn=True), ROWS, ("[17]['churn'] is False", "[17]['churn'] is True")),
    "a-row-is-missing": (
        ROWS[:-1], ROWS,
        ("[39] is {'customer': 'C-0039', 'churn': True}", "[39] is not there"),
    ),
    "a-key-too-many": (WIDE | {"id": 7}, WIDE, ("['id'] is not there", "['id'] is 7")),
    "a-number-by-its-type": (WIDE | {"column_3": 3.0}, WIDE, ("['column_3'] is 3", "['column_3'] is 3.0")),
    "many-places": (
        dict.fromkeys(WIDE, -1), WIDE,
        (
            "['column_0'] is 0; ['column_1'] is 1; ['column_2'] is 2",
            "['column_0'] is -1; ['column_1'] is -1; ['column_2'] is -1; and more differs",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "wanted", "shown"), CASES.values(), ids=CASES)
def test_the_places_that_differ(found: Any, wanted: Any, shown: tuple[str, str]) -> None:
    """Their path, what is wanted there, and what is found; three of them at most."""
    assert smallest(found, wanted) == shown


@pytest.mark.parametrize(("found", "wanted"), [([1, 2], [1, 3]), (1, 2), ("a" * 200, "b" * 200), (ROWS, WIDE), (ROWS, [])])
def test_what_is_read_more_easily_whole(found: Any, wanted: Any) -> None:
    """Short data, plain values, data of another kind, and where nothing was wanted or found."""
    assert smallest(found, wanted) is None
