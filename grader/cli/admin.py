"""`mlops admin`: the gradebook from a terminal, for whoever runs a class; and where it is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, console, course, home, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from grader.errors import CourseError
    from grader.gradebook.blobs import Blobs
    from grader.gradebook.database import Database
    from grader.gradebook.tables import Assignment, Kind

admin = typer.Typer(name="admin", help="The gradebook: courses, people, assignments, jobs, scores.", no_args_is_help=True)
app.add_typer(admin)

CourseName = Annotated[str, typer.Argument(metavar="COURSE", help="The course's name in the gradebook.")]
AssignmentName = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's name in the course.")]
PersonName = Annotated[str, typer.Argument(metavar="PERSON", help="The person's name, as bundles carry it.")]
By = Annotated[str, typer.Option("--by", help="Who does this: a person of the gradebook.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="In UTC.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", envvar="MLOPS_DATABASE", help="URL; a SQLite file in the home unless given.")
]
BlobsOption = Annotated[
    str | None, typer.Option("--blobs", envvar="MLOPS_BLOBS", help="A folder, or s3://bucket/prefix; in the home unless given.")
]
WaitOption = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for what does not answer yet.")]
RETRY_SECONDS = 1.0


@admin.command()
def init(wait: WaitOption = 0, database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Make the gradebook's tables, or bring them up to this version; and the bucket, where blobs are in one."""
    from grader.errors import OurFault
    from grader.gradebook import migrate

    made, store = open_database(database, ready=False), open_blobs(blobs)
    within(wait, lambda: migrate.upgrade(made), OurFault)
    within(wait, store.prepare, OurFault)
    say(f"the gradebook is ready: {made}")


@admin.command()
def ready(wait: WaitOption = 0, database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Whether a worker can begin: the database has this version's tables, and the blobs' store answers."""
    from grader.errors import CourseError
    from grader.gradebook import migrate

    asked, store = open_database(database, ready=False), open_blobs(blobs)
    within(wait, lambda: migrate.require(asked), CourseError)
    within(wait, lambda: store.has("0" * 64), CourseError)
    say(f"the gradebook is ready: {asked}")


@admin.command(name="course")
def add_course(name: CourseName, title: str, database: DatabaseOption = None) -> None:
    """Add a course."""
    from grader.gradebook import roster

    with written(database) as (session, now):
        roster.add_course(session, now, name, title)


@admin.command()
def enrol(
    name: CourseName, person: PersonName, role: str = "student", full_name: str = "", email: str | None = None,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Put a person in a course, or give them another role.

    Roles: student, grader, instructor, admin.
    """
    from grader.gradebook import roster

    with written(database) as (session, now):
        who = roster.add_person(session, now, person, full_name, email)
        roster.enrol(session, now, roster.course(session, name), who, role)  # type: ignore[arg-type]  # it checks


@admin.command()
def assign(
    name: CourseName, assignment: AssignmentName,
    lab: Annotated[str | None, typer.Option("--lab", help="A lab, or a milestone.")] = None,
    quiz: Annotated[str | None, typer.Option("--quiz", help="A quiz.")] = None,
    opens: Moment = None, due: Moment = None, closes: Moment = None,
    late: Annotated[str, typer.Option(help='Such as {"kind": "per_day", "percent": 10}.')] = '{"kind": "none"}',
    last_counts: Annotated[bool, typer.Option("--last-counts", help="What comes last counts, not what is best.")] = False,
    max_submissions: Annotated[int | None, typer.Option(min=1)] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Show no result before it is released.")] = False,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Ask for a lab, milestone or quiz, or change its dates and rules."""
    from grader.gradebook import roster
    from grader.gradebook.late import Dates, policy

    (kind, content), dates = _asked(lab, quiz), Dates(_utc(opens), _utc(due), _utc(closes))
    with written(database) as (session, now):
        roster.assign(
            session, now, roster.course(session, name), assignment, kind, content, dates, policy(late),
            "last" if last_counts else "best", max_submissions, not hold,
        )  # fmt: skip


@admin.command()
def extend(
    name: CourseName, assignment: AssignmentName, person: PersonName, by: By, reason: Reason, due: Moment,
    closes: Moment = None, database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Give one person other dates."""
    from grader.gradebook import roster

    with written(database) as (session, now):
        asked, who, whose = asked_for(session, name, assignment), roster.person(session, by), roster.person(session, person)
        moved = _utc(due)
        assert moved is not None
        roster.extend(session, now, asked, whose, moved, _utc(closes), reason, who)


@admin.command()
def sheet(name: CourseName, assignment: AssignmentName, person: PersonName, database: DatabaseOption = None) -> None:
    """The sheet of a quiz that a person is to answer, as JSON.

    It has the seed that the answers name.
    """
    from grader.errors import BadInput
    from grader.gradebook import roster
    from grader.quiz.handed_in import seed_of
    from grader.quiz.sheet import paper

    with open_database(database).reading() as session:
        asked, whose = asked_for(session, name, assignment), roster.person(session, person)
    if asked.kind != "quiz":
        raise BadInput(f"assignment {assignment} is a {asked.kind}", "only a quiz has sheets")
    made = paper(course().quiz(asked.content), seed_of(name, assignment, whose.name))
    typer.echo(json.dumps(made.model_dump(by_alias=True, exclude_defaults=True)))


@admin.command()
def submit(
    name: CourseName, assignment: AssignmentName, person: PersonName, path: Path,
    key: Annotated[str | None, typer.Option(help="The same key again is the same request.")] = None,
    database: DatabaseOption = None, blobs: BlobsOption = None,
) -> None:  # fmt: skip
    """Hand in work for a person; `mlops worker` grades it.

    A notebook, a folder or a bundle; for a quiz, a JSON file with the answers.
    """
    from grader.errors import BadInput
    from grader.grading.inbox import find, read_file
    from grader.grading.sealed import bundle
    from grader.queue.intake import accept, lab_of

    opened = open_database(database)
    with opened.reading() as session:
        asked = asked_for(session, name, assignment)
    if not path.exists():
        raise BadInput(f"there is nothing at {path}", "check the path")
    if asked.kind == "quiz" or path.suffix == ".zip":
        content = read_file(path)
    else:
        lab = lab_of(course(), asked)
        content = bundle(lab, find(lab, path)[0])
    accepted = accept(opened, open_blobs(blobs), course(), name, assignment, person, content, key)
    console().print(f"receipt {accepted.receipt}: submission {accepted.submission}, job {accepted.job}")


@admin.command()
def scores(
    name: CourseName,
    unreleased: Annotated[bool, typer.Option("--unreleased", help="Count results that students can't see yet.")] = False,
    database: DatabaseOption = None,
) -> None:
    """The gradebook, one line a student, as tab-separated values."""
    from grader.gradebook import roster
    from grader.gradebook.matrix import matrix

    with open_database(database).reading() as session:
        found = matrix(session, roster.course(session, name), released=not unreleased)
    typer.echo("\t".join(["student", *(a.name for a in found.assignments)]))
    for person in found.people:
        mine = (found.scores.get((person.id, a.id)) for a in found.assignments)
        typer.echo("\t".join([person.name, *("" if score is None else f"{score.points:g}" for score in mine)]))


def open_database(url: str | None, ready: bool = True) -> Database:
    """The gradebook's database. Raises BadInput when (`ready`) its tables aren't this version's."""
    from grader.gradebook import migrate
    from grader.gradebook.database import Database

    database = Database(url or f"sqlite:///{home().resolve() / 'gradebook.db'}")
    if ready:
        migrate.require(database)
    return database


def open_blobs(place: str | None) -> Blobs:
    """Where bundles are kept."""
    from grader.gradebook.blobs import open_blobs

    return open_blobs(place or str(home() / "blobs"))


@contextmanager
def written(url: str | None) -> Iterator[tuple[Session, datetime]]:
    """A session that is committed at the end, and the time."""
    database = open_database(url)
    with database.writing() as session:
        yield session, database.now(session)


def asked_for(session: Session, course_name: str, assignment: str) -> Assignment:
    """An assignment by its course's name and its own. Raises BadInput."""
    from grader.gradebook import roster

    return roster.assignment(session, roster.course(session, course_name), assignment)


def within(seconds: float, act: Callable[[], object], failure: type[CourseError]) -> None:
    """Do it, and again until it succeeds; after so many seconds, raise what it fails with."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            act()
        except failure as error:
            if time.monotonic() > deadline:
                raise
            say(f"not yet: {error}")
            time.sleep(RETRY_SECONDS)
        else:
            return


def _asked(lab: str | None, quiz: str | None) -> tuple[Kind, str]:
    """What kind of content is asked for, and its id. Raises BadInput unless it is one, and there is such a one."""
    from grader.errors import BadInput
    from grader.queue.intake import kind_of

    if (lab is None) == (quiz is None):
        raise BadInput("an assignment asks for one thing", "--lab LAB, or --quiz QUIZ")
    return kind_of(course(), lab, quiz)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
