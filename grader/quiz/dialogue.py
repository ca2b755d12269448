"""One person and one quiz: ask, read, mark, record, until nothing waits or the person stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.course.tree import Course
from grader.quiz.answer import Unreadable
from grader.quiz.attempt import Attempt, Attempts
from grader.quiz.catalogue import Place, taught_in
from grader.quiz.mark import Verdict, mark
from grader.quiz.screen import Screen
from grader.quiz.sheet import Sheet, sheet
from grader.spec.quiz import QuizSpec

Feedback = Literal["each", "end"]
Read = Callable[[str], str]
"""Reads a line, offering a text to edit. Raises EOFError or KeyboardInterrupt when there is nobody to read from any more."""
SKIP, STOP, HELP = "s", "q", "?"
"""What may be typed in place of an answer."""


class Stopped(Exception):
    """The person stopped; what was answered is in the record."""


@dataclass(frozen=True)
class Dialogue:
    """A quiz as it is held with one person."""

    course: Course
    quiz: QuizSpec
    attempts: Attempts
    screen: Screen
    read: Read
    feedback: Feedback = "each"
    pause: bool = False
    """Wait for Enter after each feedback, so that the next question doesn't push it off the screen."""

    def hold(self, new: bool = False) -> Attempt:
        """Go on with the attempt, or begin one; returns how it stands when it ends or is stopped."""
        attempt = self.attempts.resume(new)
        self.screen.opening(self.quiz, attempt)
        try:
            while (attempt := self.attempts.look(attempt.id)).waiting:
                self._turn(attempt)
        except (Stopped, EOFError, KeyboardInterrupt):
            self.screen.note("\nStopped; what you answered is kept.")
            attempt = self.attempts.look(attempt.id)
        else:
            self.attempts.finished(attempt)
            self._after_the_end(attempt)
        self.screen.score(self.quiz, attempt, {q.id: self.place(q.cell) for q in self.quiz.questions})
        return attempt

    def verdicts(self, attempt: Attempt) -> list[Verdict]:
        """The verdicts on all that was answered, in the quiz's order; an answer that an edited question no longer takes is
        left out."""
        found = []
        for question in self.quiz.questions:
            if question.id in attempt.answers:
                try:
                    found.append(mark(question, attempt.seed, attempt.answers[question.id]))
                except Unreadable:
                    continue
        return found

    def place(self, cell: str) -> Place:
        """Where a cell is to be read."""
        return taught_in(self.course, self.quiz, cell)

    def _turn(self, attempt: Attempt) -> None:
        """Ask the first question that waits."""
        number, question = next((n, q) for n, q in enumerate(self.quiz.questions, 1) if q.id == attempt.waiting[0])
        shown = sheet(question, attempt.seed)
        self.screen.question(shown, number, len(self.quiz.questions))
        while True:
            typed = self._typed(shown)
            if typed is None:
                return self.attempts.skipped(attempt.id, question.id)
            try:
                verdict = mark(question, attempt.seed, typed)
            except Unreadable as why:
                self.screen.refused(str(why))
                continue
            return self._keep(attempt, verdict, typed)

    def _typed(self, shown: Sheet) -> str | None:
        """An answer; None to let the question wait. Raises Stopped."""
        line = shown.code.splitlines()[shown.line - 1] if shown.line else ""
        while True:
            typed = self.read(line)
            word = typed.strip().lower()
            if word == STOP:
                raise Stopped
            if word == SKIP:
                return None
            if word != HELP:
                return typed
            self.screen.help(shown)

    def _keep(self, attempt: Attempt, verdict: Verdict, typed: str) -> None:
        if verdict.question in self.attempts.look(attempt.id).answers:
            self.screen.note("This one was answered meanwhile, in another terminal; that answer counts.")
            return
        self.attempts.answered(attempt.id, verdict.question, typed, verdict.share)
        if self.feedback == "end":
            self.screen.note("Kept.")
            return
        self.screen.verdict(verdict, self.place(verdict.cell))
        if self.pause and len(attempt.waiting) > 1:
            self.screen.note("\nEnter for the next question; q stops.")
            if self.read("").strip().lower() == STOP:
                raise Stopped

    def _after_the_end(self, attempt: Attempt) -> None:
        if self.feedback == "end":
            for verdict in self.verdicts(attempt):
                self.screen.verdict(verdict, self.place(verdict.cell), verdict.question)
