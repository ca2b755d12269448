"""A TOML file that a student wrote may hold anything below any name."""

from __future__ import annotations

from typing import Any

import pytest

from grader.checks.tables import array, below, tables

CONTENT = {"tool": {"mypy": {"strict": True}, "ruff": 3}, "package": [{"name": "a"}, 3, {"name": "b"}], "version": 1}
BELOW: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "itself": ((), CONTENT),
    "a-table": (("tool", "mypy"), {"strict": True}),
    "not-there": (("tool", "pytest", "ini"), {}),
    "a-number": (("tool", "ruff"), {}),
    "below-a-number": (("tool", "ruff", "lint"), {}),
    "an-array": (("package",), {}),
}


@pytest.mark.parametrize(("names", "found"), BELOW.values(), ids=BELOW)
def test_below(names: tuple[str, ...], found: dict[str, Any]) -> None:
    """The table at the end of the names; empty for whatever else is there."""
    assert below(CONTENT, *names) == found


def test_arrays() -> None:
    """An array as it is, or its tables alone; empty for whatever else is there."""
    assert (array(CONTENT, "package"), tables(CONTENT, "package")) == (
        [{"name": "a"}, 3, {"name": "b"}],
        [{"name": "a"}, {"name": "b"}],
    )
    assert [(array(CONTENT, name), tables(CONTENT, name)) for name in ("version", "tool", "nothing")] == [([], [])] * 3
