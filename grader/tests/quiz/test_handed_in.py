"""Answers that are handed in: for one's own sheet, readable, graded question by question; what is right is told once only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.course.tree import Course
from grader.errors import BadInput
from grader.quiz import draw, mend
from grader.quiz.grade import grade
from grader.quiz.guard import breach
from grader.quiz.handed_in import Answers, check, parse, seed_of
from grader.spec.quiz import ChoiceQuestion, FixQuestion
from grader.tests.quiz.questions import QUIZ, question

SEED = seed_of("math", "sums", "ann")


def document(**more: Any) -> bytes:
    return json.dumps({"schema": 1, "quiz": "01-adding", "seed": SEED, "answers": {"q-short": "git status -s"}} | more).encode()


def letter(text: str) -> str:
    single = question("single")
    assert isinstance(single, ChoiceQuestion)
    return next(letter for letter, option in draw.options(single, SEED).items() if option.text == text)


def test_a_sheet_is_ones_own() -> None:
    """The same whenever it is asked for; another for another person, assignment or course."""
    others = {
        seed_of("math", "sums", "ann"),
        seed_of("math", "sums", "bob"),
        seed_of("math", "s", "ann"),
        seed_of("m", "sums", "ann"),
    }
    assert (len(others), SEED in others, 0 <= SEED < 2**31) == (4, True, True)


def test_answers_are_what_they_say() -> None:
    """Order and white space of the document are not part of them."""
    first = parse(document(answers={"q-short": "a", "q-fix": "b"}))
    again = parse(json.dumps(json.loads(document(answers={"q-fix": "b", "q-short": "a"})), indent=3).encode())
    assert (first.sha256 == again.sha256, first.sha256 == parse(document()).sha256) == (True, False)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff", b"null", document(seed="x"), document(schema=2), document(more=1), document(answers=[]),
        document(answers={"q-short": 1}), document(answers={"q-fix": "a\nb"}), document(answers={"q-fix": "a" * 2001}),
        b" " * 200_000, b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_are_no_answers_is_refused(content: bytes) -> None:
    """With an example of some."""
    with pytest.raises(BadInput, match=r"these are no answers to a quiz|the answers are longer than"):
        parse(content)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another quiz": ({"quiz": "02-x"}, "these are answers to quiz '02-x' (hand in answers to 01-adding)"),
    "another sheet": (
        {"seed": SEED + 1},
        f"these are answers to another sheet than yours (yours has seed {SEED}: its numbers are others)",
    ),
    "no such question": ({"answers": {"q-x": "a"}}, "quiz 01-adding has no question 'q-x' (known: q-single, "),
    "no answer": ({"answers": {"q-single": "z"}}, "question q-single: there is no letter 'z' here (a to d)"),
    "a way around the test": (
        {"answers": {"q-fix": "return __import__('os')._exit(0)"}},
        "question q-fix: a mended line may not use ._exit (mend the line with what the code has)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_marked_is_refused_at_once(name: str) -> None:
    """Before it is accepted: it costs no submission."""
    more, words = REFUSED[name]
    with pytest.raises(BadInput) as refused:
        check(QUIZ, SEED, parse(document(**more)))
    assert str(refused.value).startswith(words)


WAYS_AROUND = (
    "import os", "return type('X', (), {})()", "return eval('6')", "return (lambda: 6).__globals__", "return '__eq__'",
    "return (i for i in [6]).gi_frame", "get_ipython().ast_transformers.clear()", "return getattr(x, 'a')",
    "return x.compat.importlib", "global AssertionError; AssertionError = ValueError", "len = abs", "raise SystemExit(0)",
    "def __eq__(self, other): return True", "return display(x)", "return (lambda __debug__: 6)(x)", "return x.query('6')",
)  # fmt: skip


@pytest.mark.parametrize("line", WAYS_AROUND)
def test_ways_around_a_test_are_known(line: str) -> None:
    """Those that would change what its asserts mean."""
    fix = question("fix")
    assert isinstance(fix, FixQuestion)
    assert breach(mend.mended(fix, f"    {line}"), fix) != ""


HONEST = (
    "return x * 2", "return sum([x, x])", "return x +", "return round(2.0 * x)", "return [x, x].count(x) * x",
    "raise ValueError(x)", "return sum(_ for _ in (x, x))", "return typo", "return x.loc[0].sum()",
)  # fmt: skip


@pytest.mark.parametrize("line", HONEST)
def test_an_honest_line_is_none(line: str) -> None:
    """Right, wrong or broken."""
    fix = question("fix")
    assert isinstance(fix, FixQuestion)
    assert breach(mend.mended(fix, line), fix) == ""


def graded(course: Course, tell: bool, ran: bool, **answers: str) -> list[tuple[Any, ...]]:
    """Of the questions that matter here: id, status, points, expected, found, next."""
    handed_in = Answers(quiz=QUIZ.id, seed=SEED, answers={f"q-{name}": typed for name, typed in answers.items()})
    result = grade(
        course, QUIZ, handed_in, "sums/ann", "ann", lambda *_: mend.Run(ran, "" if ran else "AssertionError: 4"), tell
    )
    assert (result.lab, result.student, result.outcome, result.possible) == ("01-adding", "ann", "finished", 8)
    assert (result.submission_sha256, result.earned) == (handed_in.sha256, sum(c.earned for c in result.checks))
    return [(c.id, c.status, c.earned, c.expected, c.found, c.next) for c in result.checks if c.id[2:] in (*answers, "output")]


READ = "read again: lessons/01-sums.ipynb, “”"


def test_a_question_is_a_check(small: Course) -> None:
    """Worth a point; a part of it is a part; what is not answered is not run."""
    found = graded(small, False, True, single=letter("text A"), multiple="a", short="git", fix="return x * 2")
    kept = {row[0]: row[1:3] for row in found}
    share = kept.pop("q-multiple")[1]
    assert 0 <= share < 1
    assert kept == {
        "q-single": ("passed", 1), "q-output": ("not_run", 0), "q-short": ("failed", 0), "q-fix": ("passed", 1),
    }  # fmt: skip
    assert found[-2][3:] == ("", "git", READ)


def test_what_is_right_is_told_to_those_who_can_not_answer_again(small: Course) -> None:
    """To others only why what they chose is wrong, and where to read."""
    wrong, right = letter("text B"), letter("text A")
    [single, _, fix] = graded(small, False, False, single=wrong, fix="return x + 2")
    assert single[1:] == ("failed", 0, "", wrong, f"{wrong}: why B; {READ}")
    assert fix[1:] == ("failed", 0, "", "return x + 2; AssertionError: 4", READ)
    [single, _, fix] = graded(small, True, False, single=wrong, fix="return x + 2")
    assert (single[3], fix[3]) == (f"{right}: text A: why A", "2: return x * 2: Twice.")
