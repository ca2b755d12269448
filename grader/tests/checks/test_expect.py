"""What a check may expect: strict on types, blind to NaN, honest about shares."""

from __future__ import annotations

import math
from typing import Any

import pytest

from grader.checks import Fail, NotRun
from grader.checks.expect import Expectation, each, is_number, same, show


def verdict(method: str, found: Any, *args: Any, **kwargs: Any) -> tuple[str, str, str, float] | None:
    """None when the expectation holds, else expected, found, next and share."""
    try:
        getattr(Expectation("auc", found, "run 1"), method)(*args, **kwargs)
    except Fail as fail:
        return fail.expected, fail.found, fail.next_step, fail.share
    return None


EQUAL = {
    "int": (1, 1), "float": (0.1, 0.1), "text": ("a", "a"), "none": (None, None), "bool": (False, False),
    "list": ([1, [2.0, "a"]], [1, [2.0, "a"]]), "dict-in-another-order": ({"a": 1, "b": True}, {"b": True, "a": 1}),
}  # fmt: skip
UNEQUAL = {
    "true-is-not-1": (True, 1), "1-is-not-true": (1, True), "0-is-not-false": (0, False), "1-is-not-1.0": (1, 1.0),
    "1.0-is-not-1": (1.0, 1), "text-is-no-number": ("1", 1), "none-is-not-0": (None, 0), "list-is-no-tuple": ([1], (1,)),
    "empty-list-is-not-none": ([], None), "nan": (math.nan, math.nan), "nan-inside": ([float("nan")], [float("nan")]),
    "true-inside-a-list": ([True], [1]), "1.0-inside-a-dict": ({"depth": 5.0}, {"depth": 5}),
    "true-deep-inside": ({"a": [{"b": True}]}, {"a": [{"b": 1}]}), "key-more": ({"a": 1, "b": 2}, {"a": 1}),
    "item-more": ([1, 2], [1]), "case": ("A", "a"), "space": ("a ", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("found", "wanted"), EQUAL.values(), ids=EQUAL)
def test_equals_what_is_the_same(found: Any, wanted: Any) -> None:
    """Plain data of the same types and values is equal."""
    assert (verdict("equals", found, wanted), verdict("one_of", found, ["no", wanted]), same(found, wanted)) == (
        None,
        None,
        True,
    )


@pytest.mark.parametrize(("found", "wanted"), UNEQUAL.values(), ids=UNEQUAL)
def test_equals_is_strict(found: Any, wanted: Any) -> None:
    """What differs in type, anywhere inside, is not equal, though Python says so."""
    assert verdict("equals", found, wanted) == (f"auc: {show(wanted)}", f"{show(found)}  (run 1)", "", 0.0)
    assert verdict("one_of", found, ["no", wanted]) == (f"auc: one of no, {show(wanted)}", f"{show(found)}  (run 1)", "", 0.0)


def test_equals_says_why_and_what_next() -> None:
    """Expected, found and next come out by themselves."""
    assert verdict("equals", "RUNNING", "FINISHED", why="it ended", next_step="Close the run.") == (
        "auc: FINISHED  (it ended)", "RUNNING  (run 1)", "Close the run.", 0.0,
    )  # fmt: skip


@pytest.mark.parametrize("found", [0.8, 0.75, 0.85, 0.8 + 1e-12])
def test_close_enough(found: float) -> None:
    """A number within the tolerance, ends included, is close."""
    assert verdict("close_to", found, 0.8, within=0.05 + 1e-9) is None


def test_whole_number_is_close_to_itself() -> None:
    """An int is a number, too."""
    assert verdict("close_to", 1, 1.0, within=0) is None


NEVER_CLOSE = [
    math.nan, math.inf, -math.inf, True, False, None, "0.8", [0.8], {"auc": 0.8}, 0.86, 10**400, -(10**400), 1e308,
]  # fmt: skip


@pytest.mark.parametrize("found", NEVER_CLOSE, ids=lambda value: repr(value)[:20])
def test_never_close(found: Any) -> None:
    """NaN, infinities, bools, texts, numbers that no float can hold, and what is too far, are never close."""
    assert verdict("close_to", found, 0.8, within=0.05) == ("auc: 0.8 ± 0.05", f"{show(found)}  (run 1)", "", 0.0)


@pytest.mark.parametrize("found", [math.nan, math.inf, True, None])
def test_nothing_odd_is_close_however_wide_the_tolerance(found: Any) -> None:
    """An infinite tolerance lets no odd value in."""
    assert verdict("close_to", found, 0.8, within=math.inf) == ("auc: 0.8 ± inf", f"{show(found)}  (run 1)", "", 0.0)


def test_numbers() -> None:
    """Finite ints and floats are numbers, and nothing else is."""
    values = [0, -1, 0.0, 1e308, True, math.nan, math.inf, 10**400, "1", None, [1]]
    assert [is_number(value) for value in values] == [True] * 4 + [False] * 7


@pytest.mark.parametrize("found", [1, "True", [True], None, False])
def test_is_true_takes_true_alone(found: Any) -> None:
    """What is merely truthy is not true."""
    assert verdict("is_true", True, "there is one") is None
    assert verdict("is_true", found, "there is one") == ("auc: there is one", f"{show(found)}  (run 1)", "", 0.0)


SHOWN = {
    "float": (0.123456, "0.1235"), "nan": (math.nan, "nan"), "text": ("a'b", "a'b"), "list": ([1, "a"], "[1, 'a']"),
    "long": ("x" * 400, "x" * 299 + "…"), "just-not-long": ("x" * 300, "x" * 300),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), SHOWN.values(), ids=SHOWN)
def test_shown(value: Any, text: str) -> None:
    """A value is shown short: floats to 4 digits, texts to 300 characters."""
    assert show(value) == text


def odd(n: int) -> str:
    """Finds fault with odd numbers."""
    return f"{n} is odd" if n % 2 else ""


def shares(items: list[int]) -> tuple[str, str, float] | None:
    """None when nothing is wrong, else expected, found and share."""
    try:
        each("numbers", items, odd, "even")
    except Fail as fail:
        return fail.expected, fail.found, fail.share
    return None


def test_each_gives_the_share_that_is_right() -> None:
    """Every item counts the same; problems are told, the first four in words."""
    assert shares([2, 4]) is None
    assert shares([2, 3, 4, 6]) == ("even, for all 4 numbers", "3 is odd", 0.75)
    assert shares([1, 3]) == ("even, for all 2 numbers", "1 is odd; 3 is odd", 0.0)
    found = "1 is odd; 3 is odd; 5 is odd; 7 is odd; …"
    assert shares([1, 3, 5, 7, 9, 2]) == ("even, for all 6 numbers", found, 1 / 6)


def test_each_counts_a_failed_expectation_as_a_problem() -> None:
    """An item's own `expect` that fails costs that item's share only."""

    def problem(n: int) -> str:
        Expectation("n", n).equals(2)
        return ""

    with pytest.raises(Fail) as error:
        each("numbers", [2, 3], problem, "two")
    assert (error.value.expected, error.value.found, error.value.share) == ("two, for all 2 numbers", "3", 0.5)


def test_each_lets_what_did_not_run_pass_through() -> None:
    """Nothing to judge is nothing to judge, whatever the other items say."""

    def problem(n: int) -> str:
        raise NotRun("no such function")

    with pytest.raises(NotRun, match="no such function"):
        each("numbers", [1], problem, "even")
