"""The public form of a question: the same for the same seed, and without anything that tells the answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from grader.course.tree import Course
from grader.quiz import draw
from grader.quiz.sheet import Sheet, sheet
from grader.spec.quiz import (
    ChoiceQuestion,
    Drawn,
    FixQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    OutputQuestion,
    Question,
    ShortQuestion,
)
from grader.tests.quiz.questions import QUIZ, question

NAMES = [file.stem for file in sorted((Path(__file__).resolve().parents[3] / "quizzes").glob("*.yaml"))]
FIELDS = {"id", "type", "ask", "how", "numbered", "lettered", "command", "output", "code", "line", "unit"}
NOTHING = {"numbered": (), "lettered": (), "command": "", "output": "", "code": "", "line": None, "unit": ""}


def labelled(labels: str, texts: list[str]) -> tuple[dict[str, str], ...]:
    return tuple({"label": label, "text": text} for label, text in zip(labels, texts, strict=True))


SHEETS: dict[str, dict[str, Any]] = {
    "single": {"how": "one letter, such as b"},
    "multiple": {"how": "the letters of all that fit, such as a c"},
    "output": {"how": "one letter, such as b", "command": "wc -l x", "output": "12 x\n"},
    "numeric": {"how": "a number in €, such as 0.5 or 1,250; a sum such as 3 * 40 is fine", "unit": "€"},
    "order": {"how": "all letters in order, such as b d a c"},
    "match": {
        "how": "a letter for each number, such as 1c 2a 3b", "numbered": labelled("123", ["left A", "left B", "left C"])
    },
    "short": {"how": "a word or a line; capitals, spaces and quotes don't matter"},
    "fix": {"how": "the whole mended line", "code": "def double(x):\n    return x + 1\n", "line": 2},
}  # fmt: skip
OFFERED = {
    "single": [f"text {n}" for n in "ABCD"], "multiple": [f"text {n}" for n in "ABCD"], "output": [f"text {n}" for n in "ABC"],
    "order": ["one", "two", "three", "four"], "match": [f"right {n}" for n in "ABC"],
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_whole_sheet(name: str) -> None:
    """Each type has its parts, and what is offered is a shuffle of all of it."""
    shown = sheet(question(name), 7).model_dump()
    offered = [one["text"] for one in shown["lettered"]]
    drawn = draw.values(question(name), 7)
    assert shown == NOTHING | SHEETS[name] | {
        "id": f"q-{name}", "type": name, "lettered": labelled("abcdefgh"[: len(offered)], offered),
        "ask": f"{drawn['many']} cost {drawn['price']} each; in all?" if drawn else "Which?",
    }  # fmt: skip
    assert sorted(offered) == sorted(OFFERED.get(name, []))


def test_same_seed_same_sheet() -> None:
    """A seed gives the same on every day and machine; other seeds give other orders and numbers."""
    fixed = [one.text for one in sheet(question("single"), 7).lettered]
    assert fixed == ["text B", "text C", "text A", "text D"]
    assert draw.values(question("numeric"), 7) == {"many": 200, "price": 7.5}
    assert len({sheet(question("single"), seed).model_dump_json() for seed in range(200)}) == 24
    assert len({sheet(question("numeric"), seed).model_dump_json() for seed in range(400)}) == 18


def test_items_to_order_never_stand_in_order() -> None:
    """Whoever leaves them as they are is never right."""
    orders = {tuple(draw.items(question("order"), seed).values()) for seed in range(500)}  # type: ignore[arg-type]
    assert (("one", "two", "three", "four") in orders, len(orders)) == (False, 23)


def test_ranges_are_exact() -> None:
    """A range's values are those that a person would write, and both ends can be drawn."""
    assert draw.possible(Drawn(low=0.836, high=0.842, step=0.002)) == [0.836, 0.838, 0.84, 0.842]
    assert draw.possible(Drawn(low=20, high=30, step=5)) == [20, 25, 30]


def test_only_drawn_names_are_replaced() -> None:
    """Braces of JSON or of a template stay."""
    assert draw.fill('{n} rows of {"a": {n}} and {other}', {"n": 3}) == '3 rows of {"a": 3} and {other}'


def secrets(asked: Question) -> list[str]:
    """The texts that nobody may see before they answer."""
    match asked:
        case ChoiceQuestion() | OutputQuestion():
            return [option.why for option in asked.options]
        case MatchQuestion():
            return [pair.why for pair in asked.pairs]
        case OrderQuestion():
            return [asked.why]
        case NumericQuestion():
            return [asked.why, *([asked.answer] if isinstance(asked.answer, str) else [])]
        case ShortQuestion():
            return [asked.why, *asked.accept]
        case FixQuestion():
            return [asked.why, asked.fixed.strip(), asked.test]


@pytest.mark.parametrize("name", NAMES)
def test_public_form_carries_no_secret(course: Course, name: str) -> None:
    """For every question on disk: the known fields only, and in no text a why, an accepted form, an answer or a fix."""
    for asked in course.quiz(name).questions:
        shown = sheet(asked, 1)
        text = "\n".join(texts(shown.model_dump()))
        told = [secret for secret in secrets(asked) if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text)]
        assert (asked.id, set(shown.model_dump()), told) == (asked.id, FIELDS, [])
        assert {key for one in shown.lettered + shown.numbered for key in one.model_dump()} <= {"label", "text"}


@pytest.mark.parametrize("name", NAMES)
def test_position_tells_nothing(course: Course, name: str) -> None:
    """The right option of a single choice comes to stand at every place."""
    for asked in course.quiz(name).questions:
        if isinstance(asked, ChoiceQuestion | OutputQuestion) and asked.type != "multiple":
            letters = {k for seed in range(200) for k, option in draw.options(asked, seed).items() if option.right}
            assert letters == set(draw.options(asked, 1)), asked.id


def texts(value: object) -> list[str]:
    """All texts in a plain value."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def test_the_small_quiz_has_every_type() -> None:
    """What is tested above is all there is."""
    assert [one.type for one in QUIZ.questions] == list(SHEETS)
    assert set(Sheet.model_fields) == FIELDS
