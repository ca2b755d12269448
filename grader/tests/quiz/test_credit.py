"""The rule for partial credit: all right is 1, what guessing earns on average is 0, and nothing is below."""

from __future__ import annotations

import itertools

import pytest

from grader.quiz import credit


def test_multiple() -> None:
    """Two right of four: each choice and what it earns."""
    shares = {
        "".join(chosen): credit.multiple(chosen, "ab", "abcd")
        for size in range(1, 5)
        for chosen in itertools.combinations("abcd", size)
    }
    assert shares == {
        "a": 0.5,
        "b": 0.5,
        "c": 0,
        "d": 0,
        "ab": 1,
        "ac": 0,
        "ad": 0,
        "bc": 0,
        "bd": 0,
        "cd": 0,
        "abc": 0.5,
        "abd": 0.5,
        "acd": 0,
        "bcd": 0,
        "abcd": 0,
    }


@pytest.mark.parametrize(("letters", "share"), [("abcd", 1), ("abdc", 0.3333), ("acdb", 0), ("badc", 0)])
def test_match(letters: str, share: float) -> None:
    """One pair of four comes by chance; two are a third of the way."""
    assert credit.match(dict(zip("1234", letters, strict=True)), dict(zip("1234", "abcd", strict=True))) == share


@pytest.mark.parametrize(("given", "share"), [("abcd", 1), ("abdc", 0.6667), ("bacd", 0.6667), ("dabc", 0), ("dcba", 0)])
def test_order(given: str, share: float) -> None:
    """Neighbours exchanged cost a third; the last one first is no better than chance."""
    assert credit.order(given, "abcd") == share


def test_guessing_is_worth_nothing_before_the_floor() -> None:
    """Over all orders, pairs in the right order and in the wrong one are equally many: the rule's zero is where it says."""
    orders = list(itertools.permutations("abcd"))
    hits = [sum(x == y for x, y in zip(order, "abcd", strict=True)) for order in orders]
    concordant = [sum(o.index(x) < o.index(y) for x, y in itertools.combinations("abcd", 2)) for o in orders]
    assert (sum(hits) / len(orders), sum(concordant) / len(orders)) == (1, 3)
