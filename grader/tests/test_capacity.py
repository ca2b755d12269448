"""docs/capacity.md is what its figures make."""

from __future__ import annotations

from grader.bench.scale import results

FIX = "python -m grader.bench.scale --keep writes it; after a change of the template: results.keep(results.Results.kept())"


def test_the_page_is_of_the_kept_figures() -> None:
    """Measured and extrapolated, as the JSON has them."""
    assert results.PAGE.read_text(encoding="utf-8") == results.page(results.Results.kept()), FIX


def test_what_a_class_comes_to() -> None:
    """10,000 students in an hour: 2.78 a second, 14 pods of 5 s, which memory and cores of one node hold."""
    assert results._class(10_000, 40.0) == "| 10,000 | 2.78 | 0.07 | 14 | 1 | 0.017 |\n"
