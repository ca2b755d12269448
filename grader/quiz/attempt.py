"""An attempt at a quiz, as the learner's append-only record tells it: nothing about it is kept anywhere else."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from grader.spec.quiz import QuizSpec

STARTED, ANSWERED, SKIPPED, FINISHED = "quiz_started", "quiz_answered", "quiz_skipped", "quiz_finished"
SEEDS = 2**31


class Journal(Protocol):
    """The learner's record (grader.learner.record.Record): it is appended to and read from the start."""

    def add(self, event: str, lab: str, **details: Any) -> None:
        """Append an event about a quiz or lab."""

    def events(self, event: str = "", lab: str = "") -> Iterator[dict[str, Any]]:
        """The events in order."""


@dataclass
class Attempt:
    """One attempt: its seed, what was answered, and which questions wait."""

    id: str
    seed: int
    answers: dict[str, str] = field(default_factory=dict)
    """The answer that counts, by question: the first one recorded, should two terminals have given one each."""
    shares: dict[str, float] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    """Questions still to be answered: those never shown, then the skipped ones."""
    finished: bool = False

    @property
    def earned(self) -> float:
        """Points so far."""
        return round(sum(self.shares.values()), 2)

    @property
    def right(self) -> int:
        """Questions answered without a fault."""
        return sum(share == 1 for share in self.shares.values())


def attempts(quiz: QuizSpec, events: Iterable[dict[str, Any]]) -> list[Attempt]:
    """The attempts at a quiz in the order in which they began. Events about questions that the quiz no longer has, and lines
    that another program garbled, count for nothing."""
    names, found = [question.id for question in quiz.questions], dict[str, Attempt]()
    for event in events:
        kind, key, question = (event.get(name) for name in ("event", "attempt", "question"))
        if kind == STARTED and isinstance(key, str) and isinstance(event.get("seed"), int):
            found.setdefault(key, Attempt(key, event["seed"], waiting=list(names)))
        attempt = found.get(key) if isinstance(key, str) else None
        if attempt is None:
            continue
        if kind == FINISHED:
            attempt.finished = True
        if question in attempt.waiting:
            _follow(attempt, event, question)
    return list(found.values())


def _follow(attempt: Attempt, event: dict[str, Any], question: str) -> None:
    if event.get("event") == SKIPPED:
        attempt.waiting.remove(question)
        attempt.waiting.append(question)
    answer, share = event.get("answer"), event.get("share")
    if event.get("event") == ANSWERED and isinstance(answer, str) and isinstance(share, int | float):
        attempt.waiting.remove(question)
        attempt.answers[question] = answer
        attempt.shares[question] = float(share)


class Attempts:
    """The attempts of one learner at one quiz, read from the record at each look and written to it only."""

    def __init__(self, quiz: QuizSpec, journal: Journal) -> None:
        self.quiz, self._journal = quiz, journal

    def all(self) -> list[Attempt]:
        """Every attempt so far."""
        return attempts(self.quiz, self._journal.events(lab=self.quiz.id))

    def resume(self, new: bool = False) -> Attempt:
        """The attempt begun last, if it isn't finished; otherwise, or with `new`, one with another seed."""
        begun = self.all()
        if begun and not new and not begun[-1].finished and begun[-1].waiting:
            return begun[-1]
        key = secrets.token_hex(6)
        taken = {attempt.seed for attempt in begun}
        seed = next(seed for seed in iter(lambda: secrets.randbelow(SEEDS), None) if seed not in taken)
        self._journal.add(STARTED, self.quiz.id, attempt=key, seed=seed)
        return self.look(key)

    def look(self, key: str) -> Attempt:
        """An attempt as it stands in the record now."""
        return next(attempt for attempt in self.all() if attempt.id == key)

    def answered(self, attempt: str, question: str, typed: str, share: float) -> None:
        """Keep an answer and what it earned."""
        right = share == 1
        self._journal.add(
            ANSWERED, self.quiz.id, attempt=attempt, question=question, answer=typed, right=right, share=share
        )  # fmt: skip

    def skipped(self, attempt: str, question: str) -> None:
        """Let a question wait until the others are through."""
        self._journal.add(SKIPPED, self.quiz.id, attempt=attempt, question=question)

    def finished(self, attempt: Attempt) -> None:
        """Close an attempt in which nothing waits any more, with its score; closing it twice changes nothing."""
        if not attempt.finished:
            possible, asked = len(self.quiz.questions), len(attempt.answers)
            self._journal.add(
                FINISHED, self.quiz.id, attempt=attempt.id, score=attempt.earned, possible=possible, right=attempt.right,
                asked=asked,
            )  # fmt: skip
