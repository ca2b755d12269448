"""What a person types is read as they mean it; what can't be an answer is refused with what was expected."""

from __future__ import annotations

import pytest

from grader.quiz import answer

NUMBERS = {
    "plain": ("12", "", 12.0),
    "decimal": ("0.75", "", 0.75),
    "decimal-comma": ("0,844", "", 0.844),
    "bare-point": (".5", "", 0.5),
    "thousands": ("1,410", "€", 1410.0),
    "two-groups": ("1,234,567.5", "", 1234567.5),
    "spaced": ("1 410 €", "€", 1410.0),
    "narrow-space": ("1\u202f410", "", 1410.0),
    "underscore": ("1_410", "", 1410.0),
    "apostrophe": ("1'410", "", 1410.0),
    "unit": ("16 s", "s", 16.0),
    "unit-in-words": ("16 seconds", "s", 16.0),
    "unit-first": ("€ 27.5", "€", 27.5),
    "unit-of-two-words": ("3 ms per call", "ms per call", 3.0),
    "minus": ("-510", "", -510.0),
    "typeset-minus": ("−510 €", "€", -510.0),
    "exponent": ("1.5e3", "", 1500.0),
    "percent-as-fraction": ("25 %", "", 0.25),
    "percent": ("25 %", "%", 25.0),
    "percent-left-out": ("25", "%", 25.0),
    "sum": ("100 * 160 - 30*220", "€", 9400.0),
    "fraction": ("30/160", "", 0.1875),
    "backticks": ("`12`", "", 12.0),
    "unit-in-capitals": ("12 EUR", "€", 12.0),
}


@pytest.mark.parametrize(("typed", "unit", "value"), NUMBERS.values(), ids=NUMBERS)
def test_number(typed: str, unit: str, value: float) -> None:
    """Units, separators and sums are understood."""
    assert answer.number(typed, unit) == value


NO_NUMBERS = {
    "word": ("many", "€", "'many' is no number (such as 12, 1,250 or 0.75 €)"),
    "empty": ("", "", "'' is no number (such as 12, 1,250 or 0.75)"),
    "other-unit": ("12 ms", "s", "a number in s is asked for, this one is in ms (without a unit: 12)"),
    "needless-unit": ("12 s", "", "a number in no unit is asked for, this one is in s (without a unit: 12)"),
    "not-a-number": ("nan", "", "'nan' is no number (such as 12, 1,250 or 0.75)"),
    "by-zero": ("1/0", "", "'1/0' is no number (such as 12, 1,250 or 0.75)"),
    "power": ("9**9**9", "", "'9**9**9' is no number (such as 12, 1,250 or 0.75)"),
    "code": ("__import__('os')", "", "\"__import__('os')\" is no number (such as 12, 1,250 or 0.75)"),
    "parentheses": ("(" * 5000, "", f"{'(' * 5000!r} is no number (such as 12, 1,250 or 0.75)"),
}


@pytest.mark.parametrize(("typed", "unit", "message"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_no_number(typed: str, unit: str, message: str) -> None:
    """What is no number, or one in another unit, is refused; nothing of it is executed."""
    with pytest.raises(answer.Unreadable) as error:
        answer.number(typed, unit)
    assert str(error.value) == message


LETTERS = {
    "spaces": ("a c", ["a", "c"]),
    "together": ("ac", ["a", "c"]),
    "commas": ("A, C", ["a", "c"]),
    "words": ("a and c", ["a", "c"]),
    "brackets": ("(a) c)", ["a", "c"]),
    "arrows": ("c > a", ["c", "a"]),
}


@pytest.mark.parametrize(("typed", "found"), LETTERS.values(), ids=LETTERS)
def test_letters(typed: str, found: list[str]) -> None:
    """However they are joined, in the order typed."""
    assert answer.letters(typed, "abcd") == found


PAIRS = ["1c 2a 3b", "1c2a3b", "2a, 1-c, 3:b", "1=c; 2=a; 3=b", "1 c 2 a 3 b", "c a b", "cab", "1) C 2) A 3) B", "1→c 2→a 3→b"]


@pytest.mark.parametrize("typed", PAIRS)
def test_pairs(typed: str) -> None:
    """A letter for each number, or the letters in the order of the numbers."""
    assert answer.pairs(typed, ["1", "2", "3"], "abc", repeat=False) == {"1": "c", "2": "a", "3": "b"}


REFUSED = {
    "none": (lambda: answer.one_letter("", "abcd"), "this is no letter (a to d)"),
    "unknown": (lambda: answer.one_letter("e", "abcd"), "there is no letter 'e' here (a to d)"),
    "two-of-one": (lambda: answer.one_letter("a b", "abcd"), "one letter is asked for, you gave 2 (a to d)"),
    "twice": (lambda: answer.letters("a a", "abcd"), "letter a stands twice (each once)"),
    "missing": (lambda: answer.all_letters("d a", "abcd"), "still to be placed: b c (all of a to d, each once)"),
    "half-a-match": (
        lambda: answer.pairs("1a", ["1", "2"], "ab", repeat=False),
        "no letter for 2 (a letter for each number, such as 1c 2a 3b)",
    ),
    "number-twice": (lambda: answer.pairs("1a 1b", ["1", "2"], "ab", repeat=False), "number 1 stands twice (each once)"),
    "letter-twice": (lambda: answer.pairs("1a 2a", ["1", "2"], "ab", repeat=False), "letter a stands twice (each once)"),
    "unknown-number": (lambda: answer.pairs("1a 7b", ["1", "2"], "ab", repeat=False), "there is no number '7' here (1 to 2)"),
    "no-pairs": (
        lambda: answer.pairs("dunno!", ["1", "2"], "ab", repeat=False),
        "'dunno!' is no list of pairs (a letter for each number, such as 1c 2a 3b)",
    ),
    "no-word": (lambda: answer.words(" `` "), "this is empty (a word or a line)"),
}


@pytest.mark.parametrize(("read", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(read: object, message: str) -> None:
    """The message says what was found and what is expected."""
    assert callable(read)
    with pytest.raises(answer.Unreadable) as error:
        read()
    assert str(error.value) == message


def test_a_letter_may_stand_twice_where_two_belong_to_it() -> None:
    """Two left sides can share a right one."""
    assert answer.pairs("1a 2a", ["1", "2"], "ab", repeat=True) == {"1": "a", "2": "a"}


@pytest.mark.parametrize(
    "typed", ["git status -s", "  Git   STATUS -s ", "`git status -s`", '"git status -s".', "git status `-s`"]
)
def test_words(typed: str) -> None:
    """Capitals, white space, quotes and a full stop don't count."""
    assert answer.words(typed) == "git status -s"
