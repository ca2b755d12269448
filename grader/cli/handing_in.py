"""`mlops login`, `mlops logout`, and `--to URL` of `mlops submit` and `mlops quiz`: hand in, watch, show the score."""

from __future__ import annotations

import socket
import sys
import uuid
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from grader.cli.app import app, console, home, leave, say

if TYPE_CHECKING:
    from grader.api.assignments import AssignmentShown
    from grader.api.client import Client
    from grader.api.submissions import Receipt, Status
    from grader.course.tree import Lab
    from grader.grading.submission import Submission
    from grader.quiz.dialogue import Read
    from grader.quiz.screen import Screen
    from grader.spec.quiz import QuizSpec

Url = Annotated[str, typer.Argument(metavar="URL", help="The service's address, such as https://mlops.example.org.")]


@app.command()
def login(
    url: Url,
    name: Annotated[str | None, typer.Option("--name", help="Your name there, or your e-mail address.")] = None,
    link: Annotated[bool, typer.Option("--link", help="By a sign-in link that you were given.")] = False,
    token: Annotated[bool, typer.Option("--token", help="By an API token that you made there.")] = False,
) -> None:
    """Sign in at a grader service, for `mlops submit --to`.

    What is secret is asked for, or read from standard input.
    """
    from grader.api.client import Client
    from grader.api.tokens import Tokens

    with Client(url, patience=5) as client:
        if token:
            made = _secret("API token")
        elif link:
            given = _secret("sign-in link").rpartition("#")[2]
            made = client.sign_in({"link": given}, f"mlops on {socket.gethostname()}"[:80]).token
        else:
            who = name or typer.prompt("name", err=True)
            made = client.sign_in({"name": who, "password": _secret("password")}, f"mlops on {socket.gethostname()}"[:80]).token
        url = client.url
    with Client(url, made, patience=5) as client:
        me = client.me()
    Tokens(home()).put(url, made)
    courses = ", ".join(course.name for course in me.courses) or "in no course yet"
    console().print(f"Signed in at {url} as {me.name} ({courses})", soft_wrap=True)


@app.command()
def logout(url: Url) -> None:
    """Sign out there: revoke this machine's token."""
    from grader.api.client import Client, Refused, address
    from grader.api.tokens import Tokens

    at, kept = address(url), Tokens(home())
    with Client(at, kept.get(at), patience=5) as client:
        try:
            client.revoke_own_token()
        except Refused as refused:
            if refused.status != 401:
                raise
    kept.drop(at)
    console().print(f"Signed out at {at}", soft_wrap=True)


def hand_in(url: str, lab: Lab, work: Submission, course: str | None, assignment: str | None, plain: bool) -> NoReturn:
    """Hand work in at a service, show what becomes of it, and leave as `mlops check` does."""
    from grader.api.client import Client, address
    from grader.api.tokens import Tokens
    from grader.cli.chosen import record
    from grader.grading.sealed import bundle

    at = address(url)
    with Client(at, Tokens(home()).get(at)) as client:
        chosen, asked = _where(client, "lab", lab.id, course, assignment)
        receipt = client.submit(chosen, asked.name, bundle(lab, work), str(uuid.uuid4()))
        record().add("submitted", lab.id, to=at, submission=receipt.submission, sha256=receipt.sha256)
        _say_taken(receipt, chosen, asked.name)
        _followed(client, receipt, lab.spec.title, 1, plain)


def answer(url: str, quiz: QuizSpec, course: str | None, assignment: str | None, screen: Screen, read: Read) -> NoReturn:
    """Have one's sheet of a class's quiz answered, hand it in, show what becomes of it, and leave as `mlops quiz` does."""
    from grader.api.client import Client, Refused, address
    from grader.api.tokens import Tokens
    from grader.cli.chosen import record
    from grader.errors import BadInput
    from grader.quiz.answering import Answering

    at = address(url)
    with Client(at, Tokens(home()).get(at)) as client:
        chosen, asked = _where(client, "quiz", quiz.id, course, assignment)
        if not asked.takes_work:
            raise BadInput(f"assignment {asked.name} takes nothing now: {asked.why_not}", "ask who teaches")
        sheet, place = client.sheet(chosen, asked.name), f"{asked.name} ({chosen}) at {at}"
        answering = Answering(sheet, place, record(), screen, read)
        answers = answering.hold()
        while answers is not None:
            document = answers.model_dump_json(by_alias=True).encode()
            try:
                receipt = client.submit(chosen, asked.name, document, str(uuid.uuid4()))
            except Refused as refused:
                if refused.status != 422:
                    raise
                answers = answering.mend(str(refused))
            else:
                record().add("quiz_handed_in", quiz.id, to=at, submission=receipt.submission, sha256=receipt.sha256)
                _say_taken(receipt, chosen, asked.name)
                _followed(client, receipt, quiz.title, None, plain=False)
    leave(1)


def _say_taken(receipt: Receipt, course: str, assignment: str) -> None:
    say(f"handed in for {assignment} ({course}): receipt {receipt.receipt}, submission {receipt.submission}")


def _followed(client: Client, receipt: Receipt, title: str, explained: int | None, plain: bool) -> NoReturn:
    """Wait for the result, show it, with so many checks explained, and leave."""
    from grader.cli import render

    last = None
    for last in client.follow(receipt.submission):
        say(_sentence(last))
    if last is not None and last.state == "released":
        seen = client.result(receipt.submission)
        render.score(console(), title, seen.result, plain)
        render.feedback(console(), seen.result, explained, plain)
        if seen.held_back:
            console().print(f"{seen.held_back:g} more points are for checks that are shown later")
        leave(0 if seen.earned >= seen.possible and not seen.held_back else 1)
    leave(3 if last is not None and last.state == "stuck" else 0)


def _where(
    client: Client, what: str, content: str, course: str | None, assignment: str | None
) -> tuple[str, AssignmentShown]:  # fmt: skip
    """The course and assignment to hand in for: as told, or the only one that asks for this lab (or milestone), or this quiz:
    a lab and a quiz may have the same id. Raises BadInput."""
    from grader.errors import BadInput

    courses = [course] if course else [c.name for c in client.courses().items]
    found = [
        (name, asked)
        for name in courses
        for asked in client.assignments(name).items
        if asked.content == content and (asked.kind == "quiz") == (what == "quiz") and assignment in (None, asked.name)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        where = f"course {course}" if course else "none of your courses"
        where += f" as {assignment}" if assignment else ""
        said = f"{where} does not ask for {what} {content}" if course else f"{where} asks for {what} {content}"
        raise BadInput(said, "ask who teaches")
    choices = "; ".join(f"--course {c} --assignment {a.name}" for c, a in found)
    raise BadInput(f"{what} {content} is asked for more than once", f"choose: {choices}")


def _sentence(status: Status) -> str:
    """A status, as it is said while one waits."""
    if status.state == "waiting":
        return f"it waits; {status.ahead} go before it" if status.ahead else "it waits to be graded"
    return {
        "running": "it is being graded …",
        "graded": "it is graded; you will see the result when it is released",
        "released": "it is graded",
        "stuck": "grading failed through our fault, and costs you no attempt: ask whoever teaches to try it again",
    }[status.state]


def _secret(what: str) -> str:
    """Asked for without showing it; from a pipe, the first line."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()
