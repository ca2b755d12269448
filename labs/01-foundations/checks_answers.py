"""What the kernel answers: its shape, held before a check looks into it."""

from contextlib import suppress
from typing import Any

from typing_extensions import TypedDict

from grader.checks import Lab


class Judged(TypedDict):
    """The rows that a process judged, and their scores."""

    today: list[list[Any]]
    scores: list[float]


class Sides(TypedDict):
    """The keys on both sides of a split."""

    past: list[list[Any]]
    today: list[list[Any]]


def largest_gap(lab: Lab, some: list[float], others: list[float]) -> float:
    """Between two lists of scores of the same rows. Raises Fail where they can't be."""
    lab.expect("number of scores", len(others), "the same rows once more").equals(len(some))
    return max((abs(a - b) for a, b in zip(some, others, strict=True)), default=0.0)


def row_key(found: list[Any]) -> tuple[int, str]:
    """A row's customer and export, as an answer has them; what is no row has none."""
    with suppress(IndexError, TypeError, ValueError, OverflowError):
        return int(found[0]), str(found[1])
    return -1, ""
