"""What a quiz claims is executed: the wrong line is wrong, the fixed one is right, an expression gives a number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.quiz import dialogue, draw, mark, mend
from grader.quiz.catalogue import quizzes
from grader.spec.quiz import ChoiceQuestion, FixQuestion, NumericQuestion, OutputQuestion, QuizSpec, ShortQuestion
from grader.tests.quiz import typed

MIN_QUESTIONS, MIN_TYPES, MIN_PARAMETRISED = 10, 5, 2
NAMES = [file.stem for file in sorted((Path(__file__).resolve().parents[3] / "quizzes").glob("*.yaml"))]
SEEDS = (1, 2, 3)


@pytest.fixture(params=NAMES)
def quiz(request: pytest.FixtureRequest, course: Course) -> QuizSpec:
    return course.quiz(request.param)


def test_all_quizzes_are_proved(course: Course) -> None:
    """None is left out below."""
    assert [quiz.id for quiz in quizzes(course)] == NAMES


def test_each_quiz_has_enough_of_each(quiz: QuizSpec) -> None:
    """Ten questions, five types, two parametrised."""
    drawn = [question for question in quiz.questions if question.parameters]
    counts = {"questions": len(quiz.questions), "types": len({q.type for q in quiz.questions}), "drawn": len(drawn)}
    least = {"questions": MIN_QUESTIONS, "types": MIN_TYPES, "drawn": MIN_PARAMETRISED}
    assert {name: count for name, count in counts.items() if count < least[name]} == {}


def test_a_line_to_fix_is_wrong_and_its_fix_is_right(quiz: QuizSpec) -> None:
    """The question's test fails on the code as it is asked, and passes with the fixed line."""
    for question in (q for q in quiz.questions if isinstance(q, FixQuestion)):
        lines = question.code.splitlines()
        assert mend.run(question.code, question.test).passed is False, question.id
        assert mend.run(mend.mended(question, question.fixed), question.test) == mend.Run(True), question.id
        assert lines[question.line - 1] != question.fixed, question.id


def test_a_numeric_answer_is_a_number_for_every_draw(quiz: QuizSpec) -> None:
    """Expressions use drawn names, numbers and + - * / only, and have a value whatever is drawn."""
    for question in (q for q in quiz.questions if isinstance(q, NumericQuestion)):
        for drawn in draw.combinations(question):
            assert abs(mark.expected(question, drawn)) < 1e12, (question.id, drawn)


def test_what_is_drawn_is_shown(quiz: QuizSpec) -> None:
    """Each parameter stands in `ask`, and nothing else stands there in braces."""
    for question in (q for q in quiz.questions if q.parameters):
        assert set(re.findall(r"\{(\w+)\}", question.ask)) == set(question.parameters), question.id


def test_choices_have_a_wrong_side(quiz: QuizSpec) -> None:
    """A question whose options are all right asks nothing, nor does one in which none is."""
    for question in (q for q in quiz.questions if isinstance(q, ChoiceQuestion | OutputQuestion)):
        right = sum(option.right for option in question.options)
        single = question.type != "multiple"
        assert (right == 1) if single else (0 < right < len(question.options)), question.id


def test_no_accepted_word_is_a_command(quiz: QuizSpec) -> None:
    """Nobody stops the quiz by giving the right answer."""
    commands = {dialogue.STOP, dialogue.SKIP, dialogue.HELP}
    accepted = {form.lower() for q in quiz.questions if isinstance(q, ShortQuestion) for form in q.accept}
    assert accepted & commands == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_answer_earns_the_point_and_a_wrong_one_nothing(quiz: QuizSpec, seed: int) -> None:
    """For every question, typed as a person would, whatever the seed. (Lines to fix are run above.)"""
    for question in (q for q in quiz.questions if not isinstance(q, FixQuestion)):
        good, bad = (mark.mark(question, seed, of(question, seed)) for of in (typed.right, typed.wrong))
        assert (question.id, good.share, good.right) == (question.id, 1.0, True)
        assert (question.id, bad.share, bad.right) == (question.id, 0.0, False)
