"""The verdict on an answer, whole: share, what was chosen and what is right with their whys, where it is taught."""

from __future__ import annotations

from typing import Any

import pytest

from grader.quiz import answer
from grader.quiz.mark import mark
from grader.tests.quiz.questions import question

SEED = 7


def note(kind: str, label: str, text: str, why: str = "") -> dict[str, str]:
    return {"kind": kind, "label": label, "text": text, "why": why}


def option(kind: str, label: str, letter: str) -> dict[str, str]:
    return note(kind, label, f"text {letter}", f"why {letter}")


ORDER = [note("answer", *row) for row in (("c", "one"), ("b", "two"), ("d", "three"), ("a", "four", "They count."))]
PAIRS = {number + letter: f"why {n}" for number, letter, n in (("1", "a", "A"), ("2", "c", "B"), ("3", "b", "C"))}
VERDICTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "single-right": ("single", "(C)", {"answer": "c", "share": 1.0, "notes": (option("right", "c", "A"),)}),
    "single-wrong": (
        "single",
        "b",
        {"answer": "b", "share": 0.0, "notes": (option("wrong", "b", "C"), option("missed", "c", "A"))},
    ),
    "multiple-right": (
        "multiple",
        "c and a",
        {"answer": "a c", "share": 1.0, "notes": (option("right", "a", "B"), option("right", "c", "A"))},
    ),
    "multiple-half": (
        "multiple",
        "a",
        {"answer": "a", "share": 0.5, "notes": (option("right", "a", "B"), option("missed", "c", "A"))},
    ),
    "multiple-all": (
        "multiple",
        "abcd",
        {
            "answer": "a b c d",
            "share": 0.0,
            "notes": (
                option("right", "a", "B"),
                option("wrong", "b", "D"),
                option("right", "c", "A"),
                option("wrong", "d", "C"),
            ),
        },
    ),
    "output-right": ("output", "c", {"answer": "c", "share": 1.0, "notes": (option("right", "c", "A"),)}),
    "numeric-right": (
        "numeric",
        "1,500.4 €",
        {"answer": "1500.4", "share": 1.0, "notes": (note("right", "", "1,500 € (± 0.5)", "A product."),)},
    ),
    "numeric-wrong": (
        "numeric",
        "1501",
        {"answer": "1501", "share": 0.0, "notes": (note("answer", "", "1,500 € (± 0.5)", "A product."),)},
    ),
    "order-wrong": ("order", "abcd", {"answer": "a b c d", "share": 0.0, "notes": tuple(ORDER)}),
    "order-right": (
        "order",
        "c b d a",
        {"answer": "c b d a", "share": 1.0, "notes": tuple(one | {"kind": "right"} for one in ORDER)},
    ),
    "match-right": (
        "match",
        "1a 2c 3b",
        {
            "answer": "1a 2c 3b",
            "share": 1.0,
            "notes": tuple(note("right", label, f"right {why[-1]}", why) for label, why in PAIRS.items()),
        },
    ),
    "match-by-chance": (
        "match",
        "abc",
        {
            "answer": "1a 2b 3c",
            "share": 0.0,
            "notes": tuple(
                note("right" if label == "1a" else "answer", label, f"right {why[-1]}", why) for label, why in PAIRS.items()
            ),
        },
    ),
    "short-other-form": (
        "short",
        "GIT status --short",
        {"answer": "git status --short", "share": 1.0, "notes": (note("right", "", "git status -s", "It is short."),)},
    ),
    "short-wrong": (
        "short",
        "git diff",
        {"answer": "git diff", "share": 0.0, "notes": (note("answer", "", "git status -s", "It is short."),)},
    ),
    "fix-right": (
        "fix",
        "return x + x",
        {"answer": "return x + x", "share": 1.0, "notes": (note("right", "2", "return x * 2", "Twice."),)},
    ),
    "fix-wrong": (
        "fix",
        "return x *",
        {
            "answer": "return x *",
            "share": 0.0,
            "notes": (note("answer", "2", "return x * 2", "Twice."),),
            "report": '  File "the code", line 2\n    return x *\n              ^\nSyntaxError: invalid syntax',
        },
    ),
}


@pytest.mark.parametrize(("name", "typed", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(name: str, typed: str, expected: dict[str, Any]) -> None:
    """Everything that a door shows comes from here."""
    about = {"question": f"q-{name}", "type": name, "report": "", "cell": "01-sums#sum"}
    share = expected["share"]
    assert mark(question(name), SEED, typed).model_dump() == about | {"right": share == 1} | expected


UNREADABLE = {
    "single": ("a b", "one letter is asked for, you gave 2 (a to d)"),
    "multiple": ("", "this is no letter (a to d)"),
    "output": ("d", "there is no letter 'd' here (a to c)"),
    "numeric": ("a lot", "'a lot' is no number (such as 12, 1,250 or 0.75 €)"),
    "order": ("a b c", "still to be placed: d (all of a to d, each once)"),
    "match": ("1a 2a 3b", "letter a stands twice (each once)"),
    "short": ("``", "this is empty (a word or a line)"),
    "fix": ("   ", "this is empty (line 2, mended and whole)"),
}


@pytest.mark.parametrize(("name", "typed", "message"), [(k, *v) for k, v in UNREADABLE.items()], ids=UNREADABLE)
def test_what_is_no_answer_is_not_marked(name: str, typed: str, message: str) -> None:
    """Each type says what it expected instead."""
    with pytest.raises(answer.Unreadable) as error:
        mark(question(name), SEED, typed)
    assert str(error.value) == message
