"""`mlops admin import`, `export` and `report`: what other programs kept, and scores and results for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.admin import (
    AssignmentName,
    BlobsOption,
    By,
    CourseName,
    DatabaseOption,
    PersonName,
    admin,
    asked_for,
    open_blobs,
    open_database,
)  # fmt: skip
from grader.cli.app import course, say
from grader.cli.marking import Which

if TYPE_CHECKING:
    from grader.gradebook.tables import Assignment


bringing = typer.Typer(name="import", help="Bring in what another program kept.", no_args_is_help=True)
admin.add_typer(bringing)


@bringing.command()
def nbgrader(
    folder: Path, by: By,
    name: Annotated[str | None, typer.Option("--course", help="The folder's name unless given; made if need be.")] = None,
    database: DatabaseOption = None, blobs: BlobsOption = None,
) -> None:  # fmt: skip
    """An nbgrader course, with its roster, hand-ins and scores.

    Roster, assignments, submissions, scores, marks, comments. Doing it again adds what has changed there.
    """
    from sqlalchemy import select

    from grader.exchange.nbgrader_course import read
    from grader.exchange.nbgrader_import import bring, pack
    from grader.gradebook import roster, tables

    opened, called = open_database(database), name or folder.resolve().name
    found = read(folder)
    kept = pack(course(), found, open_blobs(blobs))
    with opened.writing() as session:
        now = opened.now(session)
        into = session.scalar(select(tables.Course).where(tables.Course.name == called))
        if into is None:
            into = roster.add_course(session, now, called, called)
            roster.enrol(session, now, into, roster.add_person(session, now, by), "instructor")
        tally = bring(session, now, into, found, kept, roster.person(session, by))
    say(f"course {called}: " + ", ".join(f"{count} {what}" for what, count in vars(tally).items()) + " added")


@admin.command()
def export(
    name: CourseName,
    kind: Annotated[str, typer.Option("--as", metavar="FORMAT", help="nbgrader | canvas | moodle")],
    out: Annotated[Path | None, typer.Option("--out", help="A file; standard output unless given.")] = None,
    unreleased: Annotated[bool, typer.Option("--unreleased", help="Count results that students can't see yet.")] = False,
    database: DatabaseOption = None,
) -> None:
    """The scores as the CSV file that another program takes."""
    from grader.exchange.grades import export, grades
    from grader.gradebook import roster

    with open_database(database).reading() as session:
        text = export(grades(session, roster.course(session, name), _worth, released=not unreleased), kind)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    say(f"{out}: {len(text.splitlines()) - 1} row(s)")


@admin.command()
def report(
    name: CourseName, assignment: AssignmentName, person: PersonName,
    asked: Annotated[str, typer.Option("--as", metavar="KIND:FILE", help="junit:FILE | ctrf:FILE")],
    submission: Which = None,
    attempt: Annotated[int | None, typer.Option("--attempt", help="Its number; the one that counts unless given.")] = None,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """The result of a stored attempt as JUnit XML or CTRF JSON."""
    from grader.errors import BadInput
    from grader.exchange.report import parse
    from grader.gradebook import roster, work
    from grader.result import Result

    wanted = parse(asked)
    with open_database(database).reading() as session:
        which, whose = asked_for(session, name, assignment), roster.person(session, person)
        chosen = work.the_submission(session, which, whose, submission)
        known = work.attempts(session, chosen.id)
        counts = work.effective(session, chosen.id) or work.effective(session, chosen.id, released=False)
        found = counts if attempt is None else next((a for a in known if a.number == attempt), None)
    if found is None:
        numbers = ", ".join(str(a.number) for a in known) or "none, it is not graded"
        raise BadInput(f"submission {chosen.id} has no such attempt", f"known: {numbers}")
    wanted.write([Result.model_validate_json(found.result)], found.created_at)
    say(f"{wanted.file}: attempt {found.number} at submission {chosen.id}")


def _worth(asked: Assignment) -> float | None:
    """An assignment's points by this course's content; None where the content no longer has it."""
    from grader.errors import BadInput

    try:
        if asked.kind == "quiz":
            return float(len(course().quiz(asked.content).questions))
        return course().lab(asked.content).spec.possible
    except BadInput:
        return None
