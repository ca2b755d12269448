"""A quiz one question at a time: what waits is shown without its answer, an answer counts for the question that was shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.errors import BadInput
from grader.learner.record import Record
from grader.quiz import turn
from grader.quiz.answer import Unreadable
from grader.quiz.attempt import Attempts
from grader.quiz.mark import mark
from grader.quiz.sheet import sheet
from grader.tests.path.conftest import Command
from grader.tests.quiz import typed
from grader.tests.quiz.questions import QUIZ

NAMES = [question.id for question in QUIZ.questions]


@pytest.fixture
def mine(tmp_path: Path) -> Attempts:
    return Attempts(QUIZ, Record(tmp_path))


def test_the_first_turn_begins_an_attempt(mine: Attempts) -> None:
    """The first question as it may be shown, and how far the attempt is; looking again changes nothing."""
    shown = turn.turn(mine)
    (attempt,) = mine.all()
    assert shown.model_dump(by_alias=True) == {
        "schema": 1, "quiz": QUIZ.id, "title": QUIZ.title, "attempt": attempt.id, "total": len(NAMES), "answered": 0,
        "right": 0, "earned": 0.0, "number": 1, "question": sheet(QUIZ.questions[0], attempt.seed).model_dump(),
    }  # fmt: skip
    assert (turn.turn(mine), len(mine.all())) == (shown, 1)


def test_through_to_the_end(mine: Attempts) -> None:
    """Each answer is marked and recorded; after the last one the attempt is finished and stays until a new one is asked for."""
    turn.turn(mine)
    for question in QUIZ.questions:
        attempt, verdict = turn.answer(mine, typed.right(question, mine.all()[-1].seed), question.id)
        assert (verdict.question, verdict.right) == (question.id, True)
    done = turn.turn(mine)
    assert (done.answered, done.right, done.number, done.question) == (len(NAMES), len(NAMES), None, None)
    assert (mine.look(attempt.id).finished, len(mine.all())) == (True, 1)
    with pytest.raises(BadInput, match="every question of quiz"):
        turn.answer(mine, "a")
    assert (turn.turn(mine, new=True).answered, len(mine.all())) == (0, 2)


def test_an_answer_is_for_the_question_that_waits(mine: Attempts) -> None:
    """One that was meant for another question, or is none, is neither marked nor recorded; a skipped one comes last."""
    turn.turn(mine)
    with pytest.raises(BadInput, match=f"question '{NAMES[1]}' does not wait for an answer; '{NAMES[0]}' does"):
        turn.answer(mine, "a", NAMES[1])
    with pytest.raises(Unreadable):
        turn.answer(mine, "", NAMES[0])
    assert mine.all()[-1].answers == {}
    turn.skip(mine, NAMES[0])
    assert mine.all()[-1].waiting == [*NAMES[1:], NAMES[0]]


def test_the_command(tmp_path: Path) -> None:
    """`mlops question` says in text what it says in JSON; exit 0 for a right answer, 1 for a wrong one, 2 for none."""
    mlops = Command(tmp_path / "home", tmp_path)
    shown = json.loads(mlops("question", "04", "--json").stdout)
    assert mlops("question", "04").stdout.splitlines()[1].startswith("Question 1 of 12 ")
    refused = mlops("question", "04", "--answer=zebra")
    assert (refused.returncode, refused.stderr) == (2, "mlops: there is no letter 'z' here (a to d)\n")
    answered = mlops("question", "04", "--answer=a", f"--id={shown['question']['id']}", "--json")
    verdict = json.loads(answered.stdout)
    assert (verdict["question"], answered.returncode) == (shown["question"]["id"], 0 if verdict["right"] else 1)
    assert mlops("question", "04", "--skip").stdout.splitlines()[1].startswith("Question 3 of 12 ")
    assert mlops("question", "04", "--skip", "--new").returncode == 2


def test_marks_are_those_of_the_terminal(mine: Attempts) -> None:
    """The verdict is what `mark` says."""
    turn.turn(mine)
    attempt, verdict = turn.answer(mine, typed.wrong(QUIZ.questions[0], mine.all()[-1].seed))
    assert verdict == mark(QUIZ.questions[0], attempt.seed, attempt.answers[NAMES[0]])
