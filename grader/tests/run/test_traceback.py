"""A student's traceback is trimmed to the lines of their cells."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from grader.run.traceback import Frame, frames


def notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}", execution_count=n) for n, source in enumerate(sources, 1)]
    return nbformat.v4.new_notebook(cells=cells)


def error(*traceback: str) -> Any:
    return nbformat.v4.new_output("error", ename="E", evalue="v", traceback=list(traceback))


TWO = notebook("def fit(rows):\n    return rows.mean()", "x = 1\nfit(x)")
CASES: dict[str, tuple[tuple[str, ...], list[Frame]]] = {
    "through-a-function": (
        (
            "\x1b[31mAttributeError\x1b[0m  Traceback (most recent call last)",
            "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[2]\x1b[39m\x1b[32m, line 2\x1b[39m\n----> 2 fit(x)",
            "File /venv/pandas/core.py:12, in mean()", "Cell In[1], line 2, in fit(rows)", "AttributeError: no mean",
        ),
        [Frame("cell-2", 2, "fit(x)"), Frame("cell-1", 2, "return rows.mean()")],
    ),
    "no-line-of-ours": (("File /venv/x.py:3",), []),
    "lines-that-are-not-there": (("Cell In[2], line 99", "Cell In[7], line 1", "Cell In[2], line 0"), []),
    "a-recursion": (
        ("Cell In[2], line 2", *["Cell In[1], line 2"] * 900, "Cell In[1], line 1"),
        [Frame("cell-2", 2, "fit(x)"), *[Frame("cell-1", 2, "return rows.mean()")] * 2, Frame("cell-1", 1, "def fit(rows):")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("traceback", "found"), CASES.values(), ids=CASES)
def test_frames(traceback: tuple[str, ...], found: list[Frame]) -> None:
    """Which line of which cell, outermost first, four at most; a library's lines, and made-up ones, are passed over."""
    assert frames(TWO, error(*traceback)) == found
