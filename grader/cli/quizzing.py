"""`mlops quiz`: a module's questions in the terminal, or from a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, console, course, home, leave

if TYPE_CHECKING:
    from grader.quiz.attempt import Attempt
    from grader.quiz.dialogue import Dialogue

FEEDBACK = ("each", "end")


@app.command()
def quiz(
    name: Annotated[str | None, typer.Argument(help="The quiz's id or number; without one, all are listed.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Start over, with other numbers and another order.")] = False,
    feedback: Annotated[str, typer.Option("--feedback", help="After each question, or at the end: each | end.")] = "each",
    as_json: Annotated[bool, typer.Option("--json", help="Answers from a pipe; one JSON object an answer.")] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="URL", help="Answer your class's sheet; hand it in there.")] = None,
    klass: Annotated[str | None, typer.Option("--course", help="With --to: for this course.")] = None,
    assignment: Annotated[str | None, typer.Option("--assignment", help="With --to: for this assignment.")] = None,
) -> None:
    """Take a module's quiz; stop at any time and go on later."""
    from rich.console import Console

    from grader.errors import BadInput
    from grader.learner.record import Record
    from grader.quiz.attempt import Attempts
    from grader.quiz.catalogue import quizzes
    from grader.quiz.dialogue import Dialogue
    from grader.quiz.screen import Screen

    tree, record, terminal = course(), Record(home()), sys.stdin.isatty()
    screen = Screen(Console(highlight=False, stderr=True) if as_json else console())
    if feedback not in FEEDBACK:
        raise BadInput(f"--feedback takes {' or '.join(FEEDBACK)}, not {feedback!r}")
    if to is not None and (name is None or new or as_json):
        raise BadInput("--to takes a quiz, and neither --new nor --json", "mlops quiz 04 --to URL")
    if name is None:
        if new or as_json:
            raise BadInput("this needs a quiz", "mlops quiz 04")
        screen.shelf([(one, Attempts(one, record).all()) for one in quizzes(tree)])
        return
    if as_json and terminal:
        raise BadInput("--json takes answers from a pipe, a line each", "mlops quiz 04 --json < answers.txt")
    chosen, read = tree.quiz(name), _edit if terminal else _piped(screen.note)
    if to is not None:
        from grader.cli.handing_in import answer

        answer(to, chosen, klass, assignment, screen, read)
    dialogue = Dialogue(
        tree, chosen, Attempts(chosen, record), screen, read, "end" if feedback == "end" else "each", pause=terminal,
    )  # fmt: skip
    attempt = dialogue.hold(new)
    if as_json:
        _write(dialogue, attempt)
    leave(0 if attempt.right == len(chosen.questions) else 1)


@app.command()
def question(
    name: Annotated[str, typer.Argument(help="The quiz's id or number.")],
    answer: Annotated[str | None, typer.Option("--answer", help="Answer the question that waits.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="Let the question that waits come last.")] = False,
    only: Annotated[str | None, typer.Option("--id", help="Answer or skip only if it is this question that waits.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Start over, with other numbers and another order.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Show a quiz's next question, or answer it."""
    from grader.errors import BadInput
    from grader.learner.record import Record
    from grader.quiz import turn
    from grader.quiz.attempt import Attempts
    from grader.quiz.catalogue import taught_in
    from grader.quiz.screen import Screen

    if (answer is not None) + skip + new > 1:
        raise BadInput("--answer, --skip and --new are three different things", "give one of them")
    tree = course()
    attempts, screen = Attempts(tree.quiz(name), Record(home())), Screen(console())
    if answer is not None:
        attempt, verdict = turn.answer(attempts, answer, only)
        if as_json:
            sys.stdout.write(json.dumps(turn.spoken(tree, attempts, attempt, verdict)) + os.linesep)
        else:
            screen.verdict(verdict, taught_in(tree, attempts.quiz, verdict.cell))
        leave(0 if verdict.right else 1)
    if skip:
        turn.skip(attempts, only)
    now = turn.turn(attempts, new)
    if as_json:
        sys.stdout.write(now.model_dump_json(by_alias=True) + os.linesep)
    elif now.question is None or now.number is None:
        screen.note(f"Every question is answered: {now.right} of {now.total} right, {now.earned:g} of {now.total} points.")
    else:
        screen.question(now.question, now.number, now.total)


def _edit(offered: str) -> str:
    """A line from the keyboard; where the terminal can, `offered` stands in it to be edited."""
    if sys.platform == "win32":
        return input("> ")
    import readline

    readline.set_auto_history(False)
    readline.set_startup_hook(lambda: readline.insert_text(offered))
    try:
        return input("> ")
    finally:
        readline.set_startup_hook(None)


def _piped(say: Callable[[str], None]) -> Callable[[str], str]:
    """Reads a line of standard input, and repeats it so that what was written reads like a session."""

    def read(_: str) -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        say(f"> {line.rstrip(os.linesep)}")
        return line.rstrip("\r\n")

    return read


def _write(dialogue: Dialogue, attempt: Attempt) -> None:
    """One line of JSON for each answered question, and nothing else, to standard output."""
    from grader.quiz import turn

    for verdict in dialogue.verdicts(attempt):
        sys.stdout.write(json.dumps(turn.spoken(dialogue.course, dialogue.attempts, attempt, verdict)) + os.linesep)
