"""What a person types, read as an answer. Whatever can't be one is refused with what was expected."""

from __future__ import annotations

import re
from collections.abc import Collection

from grader.errors import BadInput
from grader.quiz.arithmetic import evaluate

_WORDS = re.compile(r"\b(?:and|then|und)\b|[\s,;.:()\[\]>=\-–→&+/]+", re.IGNORECASE)
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_SUM = re.compile(r"[\d\s.+\-*/()]+")
_UNIT = re.compile(r"[€$£%]|[^\W\d_]+(?:/[^\W\d_]+)?")
_UNIT_AT_END = re.compile(f"(?:{_UNIT.pattern})$")
_SPACES_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))")
UNITS = {
    "€": ("eur", "euro", "euros"), "$": ("usd", "dollar", "dollars"), "%": ("percent", "per cent"),
    "s": ("sec", "second", "seconds"), "ms": ("millisecond", "milliseconds"), "min": ("minute", "minutes"),
    "h": ("hour", "hours"), "d": ("day", "days"), "mb": ("megabyte", "megabytes"), "gb": ("gigabyte", "gigabytes"),
}  # fmt: skip
"""Other words for a unit, lower-case."""


class Unreadable(BadInput):
    """What was typed is no answer to this question; it was neither marked nor recorded."""


def letters(typed: str, offered: Collection[str]) -> list[str]:
    """The letters, as typed: `a c`, `a,c`, `ac`, `a and c`. Raises Unreadable for one that isn't offered or stands twice."""
    cleaned = [part for part in _WORDS.split(typed.strip().lower()) if part]
    found = [letter for part in cleaned for letter in part]
    if not found:
        raise Unreadable("this is no letter", _span(offered))
    _known(found, offered, "letter")
    return found


def one_letter(typed: str, offered: Collection[str]) -> str:
    """The one letter. Raises Unreadable for none or several."""
    found = letters(typed, offered)
    if len(found) != 1:
        raise Unreadable(f"one letter is asked for, you gave {len(found)}", _span(offered))
    return found[0]


def all_letters(typed: str, offered: Collection[str]) -> list[str]:
    """Every letter once. Raises Unreadable when one is missing."""
    found = letters(typed, offered)
    missing = [letter for letter in offered if letter not in found]
    if missing:
        raise Unreadable(f"still to be placed: {' '.join(missing)}", f"all of {_span(offered)}, each once")
    return found


def pairs(typed: str, numbers: Collection[str], offered: Collection[str], repeat: bool) -> dict[str, str]:
    """A letter for each number: `1c 2a`, `2=a, 1-c`, or the letters alone in the order of the numbers.

    A letter may stand twice only with `repeat`. Raises Unreadable when a number has no letter, or two.
    """
    cleaned = "".join(part for part in _WORDS.split(typed.strip().lower()) if part)
    if re.fullmatch(r"[a-z]+", cleaned) and len(cleaned) == len(numbers):
        cleaned = "".join(number + letter for number, letter in zip(numbers, cleaned, strict=True))
    found = re.findall(r"(\d+)([a-z])", cleaned)
    if not found or "".join(number + letter for number, letter in found) != cleaned:
        raise Unreadable(f"{typed.strip()!r} is no list of pairs", "a letter for each number, such as 1c 2a 3b")
    _known([number for number, _ in found], numbers, "number")
    _known([letter for _, letter in found], offered, "letter", repeat)
    missing = [number for number in numbers if number not in dict(found)]
    if missing:
        raise Unreadable(f"no letter for {' '.join(missing)}", "a letter for each number, such as 1c 2a 3b")
    return {number: dict(found)[number] for number in numbers}


def number(typed: str, unit: str) -> float:
    """The number: `1,410`, `1 410 €`, `-0.5`, `0,5`, `3 * 40`; `25 %` is 0.25 where no unit is asked.

    Raises Unreadable for no number, or one in another unit.
    """
    text = typed.strip().strip("`").lower().replace("−", "-").replace("\u202f", " ").replace("\xa0", " ")
    text = _SPACES_BETWEEN_DIGITS.sub("", text)
    value = _value(text.removeprefix(unit.lower()).removesuffix(unit.lower()).strip())
    if value is not None:
        return value
    bare, given = _without_unit(text)
    value = _value(bare)
    if value is None:
        raise Unreadable(f"{typed.strip()!r} is no number", f"such as 12, 1,250 or 0.75{f' {unit}' if unit else ''}")
    if given == "%" and not unit:
        return value / 100
    if given != _canonical(unit):
        raise Unreadable(f"a number in {unit or 'no unit'} is asked for, this one is in {given}", f"without a unit: {bare}")
    return value


def words(typed: str) -> str:
    """A short answer without what doesn't count: capitals, white space, quotes, backticks, a full stop at the end."""
    bare = re.sub(r"[`'\"‘’“”]", "", typed).casefold()
    found = " ".join(bare.split()).removesuffix(".")
    if not found:
        raise Unreadable("this is empty", "a word or a line")
    return found


def _without_unit(text: str) -> tuple[str, str]:
    """The text without a unit before or after its number, and that unit."""
    found = _UNIT.match(text) or _UNIT_AT_END.search(text)
    if found is None:
        return text, ""
    return (text[: found.start()] + text[found.end() :]).strip(), _canonical(found[0])


def _canonical(unit: str) -> str:
    low = unit.lower()
    return next((known for known, others in UNITS.items() if low == known or low in others), low)


def _value(text: str) -> float | None:
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if _PLAIN.fullmatch(text):
        return float(text)
    if _SUM.fullmatch(text):
        try:
            return evaluate(text, {})
        except ValueError:
            return None
    return None


def _known(found: list[str], offered: Collection[str], what: str, repeat: bool = False) -> None:
    unknown = [name for name in found if name not in offered]
    if unknown:
        raise Unreadable(f"there is no {what} {unknown[0]!r} here", _span(offered))
    twice = [name for name in found if found.count(name) > 1]
    if twice and not repeat:
        raise Unreadable(f"{what} {twice[0]} stands twice", "each once")


def _span(offered: Collection[str]) -> str:
    names = list(offered)
    return f"{names[0]} to {names[-1]}"
