"""A question's form, and what it sends: read as what a person would have typed in a terminal, so that both are one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.errors import BadInput
from grader.quiz import answer
from grader.quiz.answer import Unreadable
from grader.quiz.sheet import Sheet

FIELD = "answer"
"""Of a question with one field, or one choice of several."""


def typed(sheet: Sheet, given: Mapping[str, Sequence[str]]) -> str:
    """The answer in a form's fields, each with all its values. Raises BadInput for places that two things share; what the
    answer is worth is asked elsewhere."""
    match sheet.type:
        case "multiple":
            return " ".join(given.get(FIELD, ()))
        case "order":
            return " ".join(_ordered([one.label for one in sheet.lettered], given))
        case "match":
            pairs = ((one.label, _first(given, f"{FIELD}-{one.label}")) for one in sheet.numbered)
            return " ".join(f"{number}{letter}" for number, letter in pairs if letter)
        case _:
            return _first(given, FIELD)


def filled(sheet: Sheet, drafted: str | None) -> Mapping[str, str]:
    """What the form's fields hold when it is shown: the answer that was kept, by field; of several choices each that was made.
    A line that is to be mended stands there to be mended."""
    if drafted is None:
        return {FIELD: sheet.code.splitlines()[sheet.line - 1]} if sheet.line else {}
    letters, numbers = [one.label for one in sheet.lettered], [one.label for one in sheet.numbered]
    try:
        match sheet.type:
            case "single" | "output" | "multiple":
                return {f"{FIELD}-{letter}": letter for letter in answer.letters(drafted, letters)}
            case "order":
                return {f"{FIELD}-{one}": str(n) for n, one in enumerate(answer.all_letters(drafted, letters), 1)}
            case "match":
                found = answer.pairs(drafted, numbers, letters, repeat=len(letters) < len(numbers))
                return {f"{FIELD}-{number}": letter for number, letter in found.items()}
            case _:
                return {FIELD: drafted}
    except Unreadable:
        return {}


def _ordered(letters: Sequence[str], given: Mapping[str, Sequence[str]]) -> list[str]:
    """The letters by their places. Raises BadInput unless each has one of its own."""
    places = {letter: _first(given, f"{FIELD}-{letter}") for letter in letters}
    known = [str(place) for place in range(1, len(letters) + 1)]
    twice = next((place for place in known if list(places.values()).count(place) > 1), None)
    if twice is not None:
        both = [letter for letter in letters if places[letter] == twice]
        raise BadInput(f"{' and '.join(both)} have the same place, {twice}", "give each a place of its own")
    return sorted((letter for letter in letters if places[letter] in known), key=lambda letter: int(places[letter]))


def _first(given: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(given.get(name, ())), "")
