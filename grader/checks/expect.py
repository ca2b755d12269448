"""What a check expects of what it found: expected, found and next come out by themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from grader.checks.difference import smallest

T = TypeVar("T")
SHOWN = 300
SHOWN_PROBLEMS = 4


class Fail(Exception):
    """The check's statement does not hold; `share` of its points is earned all the same (partial credit)."""

    def __init__(self, expected: str, found: str, next_step: str = "", share: float = 0.0) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found, self.next_step, self.share = expected, found, next_step, share


class NotRun(Exception):
    """There is nothing to judge: the code that the check asks for wasn't written, didn't run, or gave no answer."""

    def __init__(self, found: str, expected: str = "", next_step: str = "") -> None:
        super().__init__(found)
        self.expected, self.found, self.next_step = expected, found, next_step


def show(value: object) -> str:
    """A value as a short text; floats to 4 digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


class Expectation:
    """`lab.expect(what, found)`; each method returns or raises Fail."""

    def __init__(self, what: str, found: Any, where: str = "") -> None:
        self.what, self.found, self.where = what, found, where

    def _found(self, text: str = "") -> str:
        return f"{text or show(self.found)}{f'  ({self.where})' if self.where else ''}"

    def equals(self, wanted: Any, why: str = "", next_step: str = "") -> None:
        """The same type and value, at every depth: True is no 1, and NaN equals nothing."""
        if not same(self.found, wanted):
            expected, found = smallest(self.found, wanted) or (show(wanted), show(self.found))
            raise Fail(f"{self.what}: {expected}{f'  ({why})' if why else ''}", self._found(found), next_step)

    def close_to(self, wanted: float, within: float, why: str = "", next_step: str = "") -> None:
        """A finite number no farther than `within` from `wanted`."""
        if not (is_number(self.found) and abs(self.found - wanted) <= within):
            expected = f"{self.what}: {wanted:.4g} ± {within:g}{f'  ({why})' if why else ''}"
            raise Fail(expected, self._found(), next_step)

    def one_of(self, wanted: Iterable[Any], next_step: str = "") -> None:
        """Equal to one of these."""
        options = list(wanted)
        if not any(same(self.found, option) for option in options):
            raise Fail(f"{self.what}: one of {', '.join(map(show, options))}", self._found(), next_step)

    def is_true(self, expected: str, next_step: str = "") -> None:
        """True itself; `expected` says in words what that means."""
        if self.found is not True:
            raise Fail(f"{self.what}: {expected}", self._found(), next_step)


def same(found: Any, wanted: Any) -> bool:
    """Whether two pieces of plain data agree in value and type, and so do all their parts."""
    if type(found) is not type(wanted) or found != wanted:
        return False
    if isinstance(wanted, dict):
        return all(same(found[key], item) for key, item in wanted.items())
    if isinstance(wanted, list | tuple):
        return all(same(a, b) for a, b in zip(found, wanted, strict=True))
    return True


def is_number(value: object) -> bool:
    """A finite int or float, no larger than a float can be; a bool is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def each(what: str, items: Sequence[T], problem: Callable[[T], str], expected: str) -> None:
    """`problem` says what is wrong with an item ("" when nothing is), or raises Fail: the share that is right earns its
    part of the points. Raises Fail."""
    if not items:
        raise ValueError(f"there are no {what} to judge: nothing would pass as everything")
    problems = [found for item in items if (found := _problem(problem, item))]
    if problems:
        shown = "; ".join(problems[:SHOWN_PROBLEMS]) + ("; …" if len(problems) > SHOWN_PROBLEMS else "")
        right = len(items) - len(problems)
        raise Fail(f"{expected}, for all {len(items)} {what}", shown, share=right / len(items))


def _problem(problem: Callable[[T], str], item: T) -> str:
    try:
        return problem(item)
    except Fail as fail:
        return fail.found
