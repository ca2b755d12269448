"""What a quiz claims is executed: the wrong line is wrong, the fixed one is right, an expression gives a number."""

from __future__ import annotations

import ast
import itertools
from typing import Any

import pytest

from grader.course.tree import Course
from grader.spec.loader import load
from grader.spec.quiz import ChoiceQuestion, Drawn, FixQuestion, NumericQuestion, OutputQuestion, QuizSpec

MIN_QUESTIONS, MIN_TYPES, MIN_PARAMETRISED = 10, 5, 2


def quizzes(course: Course) -> dict[str, QuizSpec]:
    return {file.stem: load(file, QuizSpec) for file in sorted((course.root / "quizzes").glob("*.yaml"))}


def all_of(course: Course, kind: type[Any]) -> list[Any]:
    return [q for quiz in quizzes(course).values() for q in quiz.questions if isinstance(q, kind)]


def test_each_quiz_has_enough_of_each(course: Course) -> None:
    """Ten questions, five types, two parametrised."""
    for name, quiz in quizzes(course).items():
        kinds = {question.type for question in quiz.questions}
        drawn = [question for question in quiz.questions if question.parameters]
        counts = (len(quiz.questions), len(kinds), len(drawn))
        assert counts >= (MIN_QUESTIONS, MIN_TYPES, MIN_PARAMETRISED), f"{name}: {counts}"
        assert len(kinds) >= MIN_TYPES, f"{name}: {sorted(kinds)}"
        assert len(drawn) >= MIN_PARAMETRISED, f"{name}: {[q.id for q in drawn]}"


def test_a_line_to_fix_is_wrong_and_its_fix_is_right(course: Course) -> None:
    """The question's test fails on the code as it is asked, and passes with the fixed line."""
    for question in all_of(course, FixQuestion):
        lines = question.code.splitlines()
        with pytest.raises(Exception):  # noqa: B017  # whatever the wrong line leads to
            exec(f"{question.code}\n{question.test}", {})
        lines[question.line - 1] = question.fixed
        exec("\n".join([*lines, question.test]), {})


def test_a_numeric_answer_is_a_number_for_every_draw(course: Course) -> None:
    """Expressions use the drawn names, numbers and + - * / only, and `ask` shows what is drawn."""
    for question in all_of(course, NumericQuestion):
        for draw in draws(question.parameters):
            answer = question.answer if isinstance(question.answer, int | float) else evaluate(question.answer, draw)
            assert answer == answer, question.id
            assert abs(answer) < 1e12, question.id
            question.ask.format(**draw)


def test_choices_have_a_wrong_side(course: Course) -> None:
    """A question whose options are all right asks nothing."""
    for question in all_of(course, ChoiceQuestion) + all_of(course, OutputQuestion):
        assert any(not option.right for option in question.options), question.id
        assert any(option.right for option in question.options), question.id


def draws(parameters: dict[str, Drawn]) -> list[dict[str, Any]]:
    """Every combination of the ends and the middle of each range, and of all choices."""
    values = {name: ends(drawn) for name, drawn in parameters.items()}
    return [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]


def ends(drawn: Drawn) -> list[Any]:
    """All choices, or both ends and the middle of a range."""
    if drawn.choices:
        return list(drawn.choices)
    assert drawn.low is not None
    assert drawn.high is not None
    return [drawn.low, (drawn.low + drawn.high) / 2, drawn.high]


def evaluate(expression: str, names: dict[str, Any]) -> float:
    """An arithmetic expression over the names."""
    tree = ast.parse(expression, mode="eval")
    allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Load)
    assert all(isinstance(node, allowed) for node in ast.walk(tree)), expression
    return float(eval(compile(tree, "answer", "eval"), {"__builtins__": {}}, names))
