"""An attempt is what the record says, whoever wrote to it and when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.learner.record import Record
from grader.quiz.attempt import Attempt, Attempts, attempts
from grader.tests.quiz.questions import QUIZ

NAMES = [question.id for question in QUIZ.questions]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


@pytest.fixture
def mine(record: Record) -> Attempts:
    return Attempts(QUIZ, record)


def test_events_are_written_whole(mine: Attempts, record: Record) -> None:
    """What is recorded: the seed, each answer with what it earned, skips, the score at the end."""
    begun = mine.resume()
    mine.skipped(begun.id, NAMES[0])
    for number, name in enumerate([*NAMES[1:], NAMES[0]]):
        mine.answered(begun.id, name, f"answer {number}", [1.0, 0.5, 0.0][number % 3])
    mine.finished(mine.look(begun.id))
    mine.finished(mine.look(begun.id))
    found = [{k: v for k, v in event.items() if k not in ("time", "schema")} for event in record.events()]
    about = {"lab": QUIZ.id, "attempt": begun.id}
    assert found[:3] == [
        {"event": "quiz_started", **about, "seed": begun.seed},
        {"event": "quiz_skipped", **about, "question": NAMES[0]},
        {"event": "quiz_answered", **about, "question": NAMES[1], "answer": "answer 0", "right": True, "share": 1.0},
    ]
    assert found[10:] == [{"event": "quiz_finished", **about, "score": 4.5, "possible": 8, "right": 3, "asked": 8}]


def test_resuming(mine: Attempts) -> None:
    """An attempt goes on with its seed where it stopped; skipped questions come last; a finished or given-up one is followed
    by another with another seed."""
    first = mine.resume()
    mine.answered(first.id, NAMES[0], "a", 1.0)
    mine.skipped(first.id, NAMES[1])
    again = mine.resume()
    assert again == Attempt(first.id, first.seed, {NAMES[0]: "a"}, {NAMES[0]: 1.0}, [*NAMES[2:], NAMES[1]])
    new = mine.resume(new=True)
    assert (new.id != first.id, new.seed != first.seed, new.waiting) == (True, True, NAMES)
    assert mine.resume().id == new.id
    for name in NAMES:
        mine.answered(new.id, name, "a", 1.0)
    mine.finished(mine.look(new.id))
    assert mine.resume().id not in (first.id, new.id)


def test_first_answer_counts(mine: Attempts) -> None:
    """A second answer to a question, from another terminal, changes nothing."""
    begun = mine.resume()
    mine.answered(begun.id, NAMES[0], "a", 0.0)
    mine.answered(begun.id, NAMES[0], "b", 1.0)
    mine.skipped(begun.id, NAMES[0])
    now = mine.look(begun.id)
    assert (now.answers, now.shares, now.waiting, now.earned, now.right) == (
        {NAMES[0]: "a"},
        {NAMES[0]: 0.0},
        NAMES[1:],
        0.0,
        0,
    )


STRANGE: list[dict[str, Any]] = [
    {"event": "quiz_started", "attempt": "x"},
    {"event": "quiz_started", "attempt": ["x"], "seed": 1},
    {"event": "quiz_answered", "attempt": "unknown", "question": NAMES[0], "answer": "a", "share": 1},
    {"event": "quiz_started", "attempt": "good", "seed": 5},
    {"event": "quiz_started", "attempt": "good", "seed": 6},
    {"event": "quiz_answered", "attempt": "good", "question": "gone", "answer": "a", "share": 1},
    {"event": "quiz_answered", "attempt": "good", "question": ["q"], "answer": "a", "share": 1},
    {"event": "quiz_answered", "attempt": "good", "question": NAMES[0], "answer": 5, "share": 1},
    {"event": "quiz_answered", "attempt": "good", "question": NAMES[0], "answer": "a", "share": "all"},
    {"attempt": "good", "question": NAMES[0]},
    {"event": "hint", "check": "adds"},
]


def test_what_cannot_be_read_counts_for_nothing() -> None:
    """Half events, other events, questions that the quiz no longer has."""
    assert attempts(QUIZ, STRANGE) == [Attempt("good", 5, waiting=NAMES)]


WRITER = """
import sys
from pathlib import Path
from grader.learner.record import Record
from grader.quiz.attempt import Attempts
from grader.tests.quiz.questions import QUIZ
mine = Attempts(QUIZ, Record(Path(sys.argv[1])))
begun = mine.resume()
while (now := mine.look(begun.id)).waiting:
    mine.answered(now.id, now.waiting[0], sys.argv[2], 1.0)
mine.finished(now)
"""


def test_two_terminals_at_once(mine: Attempts, tmp_path: Path) -> None:
    """Two that answer the same attempt end with every question answered once, and one score."""
    begun = mine.resume()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who]) for who in ("one", "two")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    end = next(attempt for attempt in mine.all() if attempt.id == begun.id)
    assert (sorted(end.answers), end.waiting, end.earned, end.finished) == (sorted(NAMES), [], 8.0, True)
    assert set(end.answers.values()) <= {"one", "two"}
