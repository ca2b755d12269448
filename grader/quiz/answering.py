"""A class's quiz in a terminal: one's sheet is asked, and what is typed is kept until it is handed in. Who marks it is
elsewhere, so nothing is said of what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.quiz import answer
from grader.quiz.attempt import Journal
from grader.quiz.dialogue import HELP, SKIP, STOP, Read, Stopped
from grader.quiz.handed_in import Answers
from grader.quiz.screen import Screen
from grader.quiz.sheet import Paper, Sheet

DRAFTED = "quiz_drafted"
LONGEST = 2000


def readable(sheet: Sheet, typed: str) -> None:
    """Raise Unreadable for what is no answer to a question, by what its sheet says of it."""
    letters, numbers = [one.label for one in sheet.lettered], [one.label for one in sheet.numbered]
    if len(typed) > LONGEST:
        raise answer.Unreadable(f"this is longer than {LONGEST} characters", "give the answer alone")
    match sheet.type:
        case "single" | "output":
            answer.one_letter(typed, letters)
        case "multiple":
            answer.letters(typed, letters)
        case "order":
            answer.all_letters(typed, letters)
        case "match":
            answer.pairs(typed, numbers, letters, repeat=len(letters) < len(numbers))
        case "numeric":
            answer.number(typed, sheet.unit)
        case _:
            answer.words(typed)


@dataclass(frozen=True)
class Answering:
    """One person and their sheet. `place` names the assignment that it is for, wherever that is."""

    paper: Paper
    place: str
    journal: Journal
    screen: Screen
    read: Read

    def hold(self) -> Answers | None:
        """Ask what has no answer yet, then show all; the answers when the person hands them in, None when they stopped."""
        self.screen.note(f"Quiz {self.paper.quiz}: {self.paper.title}, for {self.place}")
        self.screen.note("? explains how to answer, s skips, q stops and keeps. Nothing is marked before you hand it in.")
        given = self.answers
        return self._looked_over([(n, sheet) for n, sheet in enumerate(self.paper.questions, 1) if sheet.id not in given])

    def mend(self, why: str) -> Answers | None:
        """The same after the answers were refused, so that one can be changed."""
        self.screen.note(f"! {why}. Nothing was handed in.")
        return self._looked_over([])

    @property
    def answers(self) -> dict[str, str]:
        """The last answer to each question, as the record has them."""
        found = dict[str, str]()
        for event in self.journal.events(DRAFTED, self.paper.quiz):
            question, typed = event.get("question"), event.get("answer")
            if (event.get("place"), event.get("seed")) == (self.place, self.paper.seed) and isinstance(typed, str):
                found[str(question)] = typed
        return found

    def _looked_over(self, unanswered: Sequence[tuple[int, Sheet]]) -> Answers | None:
        try:
            for number, sheet in unanswered:
                self._ask(number, sheet)
            while self._wants_a_change():
                pass
        except (Stopped, EOFError, KeyboardInterrupt):
            self.screen.note("\nStopped; what you answered is kept, and nothing was handed in.")
            return None
        known, given = {sheet.id for sheet in self.paper.questions}, self.answers
        typed = {question: typed for question, typed in given.items() if question in known}
        return Answers(schema_=1, quiz=self.paper.quiz, seed=self.paper.seed, answers=typed)

    def _wants_a_change(self) -> bool:
        """Show all answers; when a question is chosen ask it again. False for Enter alone. Raises Stopped."""
        given, questions = self.answers, self.paper.questions
        self.screen.note("\nYour answers:")
        for number, sheet in enumerate(questions, 1):
            self.screen.note(f"{number:3}  {sheet.id}: {given.get(sheet.id, '(none)').strip()}")
        self.screen.note("\nEnter hands them in; a number changes that answer; q stops and keeps them.")
        chosen = self.read("").strip().lower()
        if chosen == STOP:
            raise Stopped
        if chosen.isdecimal() and 0 < int(chosen) <= len(questions):
            self._ask(int(chosen), questions[int(chosen) - 1])
        elif chosen:
            self.screen.note(f"! there is no question {chosen[:20]!r}, only 1 to {len(questions)}")
        return bool(chosen)

    def _ask(self, number: int, sheet: Sheet) -> None:
        """Ask a question, and keep what is typed. Raises Stopped."""
        self.screen.question(sheet, number, len(self.paper.questions))
        line = sheet.code.splitlines()[sheet.line - 1] if sheet.line else ""
        while True:
            typed = self.read(self.answers.get(sheet.id, line))
            word = typed.strip().lower()
            if word == STOP:
                raise Stopped
            if word == SKIP:
                return
            if word == HELP:
                self.screen.help(sheet)
                continue
            try:
                readable(sheet, typed)
            except answer.Unreadable as why:
                self.screen.refused(str(why))
                continue
            details = {"place": self.place, "seed": self.paper.seed, "question": sheet.id, "answer": typed}
            self.journal.add(DRAFTED, self.paper.quiz, **details)
            return
