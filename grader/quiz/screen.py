"""How a quiz looks in a terminal: at most 80 columns, and the same words without colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.quiz import credit
from grader.quiz.attempt import Attempt
from grader.quiz.catalogue import Place
from grader.quiz.mark import Note, Verdict
from grader.quiz.sheet import Labelled, Sheet
from grader.spec.quiz import QuizSpec

WIDTH = 80
INDENT = 2
WORDS = {"right": "right", "wrong": "wrong", "missed": "missed", "answer": "should be"}
COLOURS = {"right": "green", "wrong": "red", "missed": "yellow", "answer": "yellow"}


class Screen:
    """Prints to a console what a quiz has to say."""

    def __init__(self, console: Console) -> None:
        console.width = min(console.width, WIDTH)
        self._out = console

    def opening(self, quiz: QuizSpec, attempt: Attempt) -> None:
        """Which quiz this is, and where it goes on."""
        total, done = len(quiz.questions), len(attempt.answers)
        self._out.print(Text(f"Quiz {quiz.id}: {quiz.title}", style="bold"))
        where = f"{done} of {total} answered before; going on" if done else f"{total} questions"
        self._say(f"{where}. ? explains how to answer, s skips, q stops and keeps.")

    def question(self, sheet: Sheet, number: int, total: int) -> None:
        """A question as it is asked."""
        self._out.print()
        self._out.rule(Text(f"Question {number} of {total}"), align="left", characters="─", style="none")
        self._say(sheet.ask)
        if sheet.command or sheet.code:
            self._out.print()
        if sheet.command:
            self._block("The command:", sheet.command)
            self._block("What it printed:", sheet.output)
        if sheet.code:
            self._block("", _numbered(sheet.code, sheet.line))
        for labels in (sheet.numbered, sheet.lettered):
            if labels:
                self._out.print()
                self._out.print(Padding(_labelled(labels), (0, 0, 0, INDENT)))
        mend = f"Line {sheet.line}, mended (Ctrl-U empties it, for s, q or ?)"
        which = mend if sheet.line else f"Your answer: {sheet.how}"
        self._out.print()
        self._say(which)

    def help(self, sheet: Sheet) -> None:
        """How to answer this question, and what else can be typed."""
        self._say(f"This one takes {sheet.how}.")
        if sheet.line:
            self._say("It is run, with a test that you don't see. Indentation that you leave out is put in.")
        self._say("s lets it wait until the others are through; q, Ctrl-C or Ctrl-D stops, and what you answered is kept.")
        self._say(credit.RULE)

    def refused(self, why: str) -> None:
        """What was typed is no answer; nothing was marked."""
        self._say(f"! {why}. Try again; ? explains.")

    def note(self, text: str) -> None:
        """A line by the way."""
        self._say(text)

    def verdict(self, verdict: Verdict, place: Place, name: str = "") -> None:
        """Right or wrong, why, and where to read again."""
        mark, word, colour = judged(verdict.share)
        points = "" if verdict.share in (0, 1) else f" ({verdict.share:.2g} of 1 point)"
        self._out.print()
        self._out.print(Text(f"{mark} {word}{points}{f': {name}' if name else ''}", style=f"bold {colour}"))
        if verdict.report:
            self._block("What came of your line:", verdict.report)
        self._out.print(Padding(_notes(verdict.type, verdict.notes), (0, 0, 0, INDENT)))
        self._out.print(Padding(Text(f"Read again: {place}"), (0, 0, 0, INDENT)))

    def score(self, quiz: QuizSpec, attempt: Attempt, places: dict[str, Place]) -> None:
        """The score; when nothing waits any more, also each question's mark and where to read what was missed."""
        total = len(quiz.questions)
        self._out.print()
        if attempt.waiting:
            self._say(f"{len(attempt.waiting)} still to answer. Go on with: mlops quiz {quiz.id[:2]}")
        else:
            self._marks(quiz, attempt, places)
        right = f"{attempt.right} of {len(attempt.answers)} answers right"
        self._out.print(Text(f"Score: {right}, {attempt.earned:g} of {total} points", style="bold"))

    def _marks(self, quiz: QuizSpec, attempt: Attempt, places: dict[str, Place]) -> None:
        grid, missed = Table.grid(padding=(0, 2)), dict[Place, None]()
        for number, question in enumerate(quiz.questions, 1):
            share = attempt.shares[question.id]
            mark, word, colour = judged(share)
            grid.add_row(Text(mark, style=colour), str(number), question.id, word, f"{share:.2g}")
            if share < 1:
                missed[places[question.id]] = None
        self._out.print(grid)
        self._out.print()
        for place in missed:
            self._say(f"Read again: {place}")

    def shelf(self, rows: Sequence[tuple[QuizSpec, Sequence[Attempt]]]) -> None:
        """All quizzes, with the last and the best score."""
        table = Table(show_edge=False, pad_edge=False)
        for name in ("quiz", "title", "questions", "last", "best"):
            table.add_column(name, justify="left" if name in ("quiz", "title") else "right")
        for quiz, attempts in rows:
            total, ended = len(quiz.questions), [attempt for attempt in attempts if attempt.finished]
            best = f"{max(attempt.earned for attempt in ended):g}" if ended else ""
            table.add_row(quiz.id, quiz.title, str(total), _last(attempts, total), best)
        self._out.print(table)
        self._say("Take one: mlops quiz 04")

    def _say(self, text: str) -> None:
        self._out.print(Text(text))

    def _block(self, title: str, text: str) -> None:
        """Text whose columns count: indented where it fits."""
        if title:
            self._say(title)
        lines = text.rstrip("\n").expandtabs(8).splitlines()
        indent = INDENT if max(map(len, lines), default=0) + INDENT <= self._out.width else 0
        for line in lines:
            self._out.print(Text(" " * indent + line, no_wrap=False))


def judged(share: float) -> tuple[str, str, str]:
    """A mark, a word and a colour for a share of the point."""
    return ("✓", "Right", "green") if share == 1 else ("◐", "Partly right", "yellow") if share else ("✗", "Wrong", "red")


def _last(attempts: Sequence[Attempt], total: int) -> str:
    if not attempts:
        return "not taken"
    last = attempts[-1]
    return f"{len(last.answers)}/{total} answered" if not last.finished else f"{last.earned:g}"


def _labelled(labels: Sequence[Labelled]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for one in labels:
        grid.add_row(Text(one.label, style="bold"), Text(one.text))
    return grid


def _notes(kind: str, notes: Sequence[Note]) -> RenderableType:
    grid, before = Table.grid(padding=(0, 2)), ""
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    for note in notes:
        word = "should be" if note.kind == "missed" and kind != "multiple" else WORDS[note.kind]
        said = Text("" if word == before else word, style=COLOURS[note.kind])
        grid.add_row(said, Text(note.label, style="bold"), Text(note.text))
        if note.why:
            grid.add_row("", "", Padding(Text(note.why), (0, 0, 0, INDENT)))
        before = "" if note.why else word
    return grid


def _numbered(code: str, marked: int | None) -> str:
    """The code with line numbers, and an arrow at the line to mend."""
    lines = code.rstrip("\n").splitlines()
    return "\n".join(f"{'→' if n == marked else ' '}{n:3}  {line}" for n, line in enumerate(lines, 1))
