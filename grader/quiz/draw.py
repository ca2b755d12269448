"""What an attempt's seed decides: the numbers in a question, and the order of what is offered. The same seed gives the same."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from grader.spec.quiz import ChoiceQuestion, Drawn, MatchQuestion, Option, OrderQuestion, OutputQuestion, QuestionBase

Value = int | float | str
T = TypeVar("T")
LETTERS = "abcdefghijklmnop"
"""What is offered is called by these; q and s are commands."""


def values(question: QuestionBase, seed: int) -> dict[str, Value]:
    """The question's parameters for this seed."""
    chance = _chance(seed, question, "values")
    return {name: chance.choice(possible(drawn)) for name, drawn in question.parameters.items()}


def possible(drawn: Drawn) -> list[Value]:
    """All values that a parameter can take; a range includes both ends where its step meets the upper one."""
    if drawn.choices:
        return [_tidy(choice) for choice in drawn.choices]
    low, high, step = (Decimal(str(number)) for number in (drawn.low, drawn.high, drawn.step))
    return [_tidy(float(low + step * count)) for count in range(int((high - low) / step) + 1)]


def combinations(question: QuestionBase) -> Iterator[dict[str, Value]]:
    """Every set of values that some seed could give: what an author's claims must hold for."""
    rows = itertools.product(*map(possible, question.parameters.values()))
    return (dict(zip(question.parameters, row, strict=True)) for row in rows)


def fill(text: str, drawn: Mapping[str, Value]) -> str:
    """The text with `{name}` replaced for each drawn name; other braces are none of ours."""
    return re.sub(r"\{(\w+)\}", lambda found: str(drawn.get(found[1], found[0])), text)


def options(question: ChoiceQuestion | OutputQuestion, seed: int) -> dict[str, Option]:
    """The options by letter."""
    return _lettered(_shuffled(question, seed, question.options))


def items(question: OrderQuestion, seed: int) -> dict[str, str]:
    """The things to order by letter; never in the right order already."""
    right = list(dict.fromkeys(question.items))
    mixed = _shuffled(question, seed, right)
    return _lettered(mixed if mixed != right else mixed[1:] + mixed[:1])


def right_sides(question: MatchQuestion, seed: int) -> dict[str, str]:
    """The right sides by letter, each once, though several left sides may belong to it."""
    return _lettered(_shuffled(question, seed, list(dict.fromkeys(pair.right for pair in question.pairs))))


def left_sides(question: MatchQuestion) -> dict[str, str]:
    """The left sides by number."""
    return {str(number): pair.left for number, pair in enumerate(question.pairs, 1)}


def _lettered(things: Sequence[T]) -> dict[str, T]:
    return dict(zip(LETTERS[: len(things)], things, strict=True))


def _shuffled(question: QuestionBase, seed: int, things: Sequence[T]) -> list[T]:
    return _chance(seed, question, "order").sample(things, len(things))


def _tidy(value: float | str) -> Value:
    """A whole number without its `.0`, as a person would write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _chance(seed: int, question: QuestionBase, what: str) -> random.Random:
    """Random numbers of their own for each question and use, so that editing one question moves no other."""
    return random.Random(f"{seed}/{question.id}/{what}")  # noqa: S311  # fair, not secret
