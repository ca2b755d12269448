"""`mlops admin mark`, `comment` and `marks`: what people say of a submission, beside what the grader says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.admin import (
    AssignmentName,
    By,
    CourseName,
    DatabaseOption,
    PersonName,
    Reason,
    admin,
    asked_for,
    open_database,
    written,
)  # fmt: skip
from grader.cli.app import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from grader.gradebook.tables import Submission

Which = Annotated[int | None, typer.Option("--submission", help="Its number, where the person handed in several.")]
Check = Annotated[str, typer.Option("--check", help="A check of its result; the submission as a whole unless given.")]


@admin.command()
def mark(
    name: CourseName, assignment: AssignmentName, person: PersonName, by: By, reason: Reason, check: Check = "",
    points: Annotated[float | None, typer.Option("--points", help="In place of the check's; without one, added.")] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="Let what the grader said count again.")] = False,
    submission: Which = None, database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Give points by hand, for a check or on top of the sum.

    For a check they stand in place of the grader's; on top of the sum they may be below 0.
    """
    from grader.errors import BadInput
    from grader.gradebook import roster, work

    if (points is None) != take_back:
        raise BadInput("a mark gives points or takes an earlier one back", "--points NUMBER, or --take-back")
    with written(database) as (session, now):
        asked, whose, who = asked_for(session, name, assignment), roster.person(session, person), roster.person(session, by)
        chosen = work.the_submission(session, asked, whose, submission)
        work.mark(session, now, chosen, check, points, reason, who)
    what = "the mark is taken back" if points is None else f"{points:g} points" if check else f"{points:+g} points"
    say(f"submission {chosen.id}, {check or 'all of it'}: {what}")


@admin.command()
def comment(
    name: CourseName, assignment: AssignmentName, person: PersonName, words: str, by: By, check: Check = "",
    submission: Which = None, database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Say something of a submission, or of one check of it."""
    from grader.gradebook import roster, work

    with written(database) as (session, now):
        asked, whose, who = asked_for(session, name, assignment), roster.person(session, person), roster.person(session, by)
        chosen = work.the_submission(session, asked, whose, submission)
        work.comment(session, now, chosen, words, who, check)
    say(f"submission {chosen.id}, {check or 'all of it'}: noted")


@admin.command()
def marks(
    name: CourseName, assignment: AssignmentName, person: PersonName, submission: Which = None,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Every mark and comment that people gave a submission.

    With who, when and why. The last mark for a check holds.
    """
    from grader.gradebook import roster, work
    from grader.result import printable

    with open_database(database).reading() as session:
        asked, whose = asked_for(session, name, assignment), roster.person(session, person)
        chosen = work.the_submission(session, asked, whose, submission)
        said = sorted(_said(session, chosen))
    for at, _, check, by, words in said:
        typer.echo(printable(f"{at:%Y-%m-%d %H:%M}  {check or 'all of it'}  {by}: {words}"))


def _said(session: Session, submission: Submission) -> Iterator[tuple[datetime, int, str, str, str]]:
    """Marks and comments: when, in which order of those, about which check, by whom, and in words."""
    from sqlalchemy import select

    from grader.gradebook.tables import Comment, Mark, Person

    given = select(Mark, Person.name).join(Person, Person.id == Mark.given_by).where(Mark.submission_id == submission.id)
    for mark, by in session.execute(given):
        points = "taken back" if mark.points is None else f"{mark.points:g}" if mark.check else f"{mark.points:+g}"
        yield mark.created_at, mark.id, mark.check, by, f"{points} ({mark.reason})"
    noted = select(Comment, Person.name).join(Person, Person.id == Comment.written_by)
    for comment, by in session.execute(noted.where(Comment.submission_id == submission.id)):
        yield comment.created_at, comment.id, comment.check, by, f"“{comment.words}”"
