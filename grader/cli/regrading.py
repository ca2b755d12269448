"""`mlops admin jobs`, `retry`, `regrade`, `attempts` and `release`: grading again, and what changed by it."""

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
from grader.cli.app import course, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from grader.gradebook.tables import Assignment, Attempt, Submission


@admin.command()
def jobs(database: DatabaseOption = None) -> None:
    """How many jobs there are in each state, and the dead letters with what went wrong."""
    from grader.queue import jobs as queue

    with open_database(database).reading() as session:
        depth, dead = queue.depth(session), queue.dead(session)
    typer.echo("  ".join(f"{state} {count}" for state, count in depth.items()))
    for job in dead:
        typer.echo(f"job {job.id}  submission {job.submission_id}  {job.lab}  tried {job.tries} times: {job.fault}")


@admin.command()
def retry(job: int, by: By, database: DatabaseOption = None) -> None:
    """Let a dead letter be tried again."""
    from grader.gradebook import roster
    from grader.queue import jobs as queue

    with written(database) as (session, now):
        queue.retry(session, now, job, roster.person(session, by))


@admin.command()
def regrade(
    name: CourseName, assignment: AssignmentName, by: By, reason: Reason,
    which: Annotated[str, typer.Option(help="all | failed | ours")] = "all",
    again: Annotated[bool, typer.Option("--again", help="Also what this version of the lab graded already.")] = False,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Grade submissions again, behind everybody who waits. Nothing changes for students before `mlops admin release`."""
    from grader.errors import BadInput
    from grader.gradebook import roster
    from grader.queue import jobs as queue
    from grader.queue.intake import target_of

    if which not in ("all", "failed", "ours"):
        raise BadInput(f"there is no choice {which}", "all, failed or ours")
    tree = course()
    with written(database) as (session, now):
        asked, who = asked_for(session, name, assignment), roster.person(session, by)
        target = target_of(tree, asked)
        chosen = queue.to_regrade(session, asked, which)  # type: ignore[arg-type]  # checked above
        made = queue.regrade(session, now, chosen, target.id, target.version, target.image, reason, who, again)
        waiting = sum(job.state in ("waiting", "leased") for job in made)
    say(f"{waiting} of {len(chosen)} submission(s) wait to be graded again; the others are graded on this version already")


@admin.command()
def attempts(name: CourseName, assignment: AssignmentName, person: PersonName, database: DatabaseOption = None) -> None:
    """Every attempt at a person's submissions: who asked and why, and what differs from the attempt before."""
    from grader.gradebook import roster, work

    with open_database(database).reading() as session:
        asked, who = asked_for(session, name, assignment), roster.person(session, person)
        for submission in _submissions(session, asked, who.id):
            counts = work.effective(session, submission.id)
            before = None
            for attempt in work.attempts(session, submission.id):
                _tell(session, submission, attempt, counts is not None and counts.id == attempt.id, before)
                before = before if attempt.ours else attempt


@admin.command()
def release(name: CourseName, assignment: AssignmentName, by: By, database: DatabaseOption = None) -> None:
    """Show every student the last verdict on each of their submissions, and count it from now on."""
    from grader.gradebook import roster, work

    with written(database) as (session, now):
        released = work.release_all(session, now, asked_for(session, name, assignment), roster.person(session, by))
    say(f"{released} result(s) released")


def _submissions(session: Session, asked: Assignment, person: int | None = None) -> list[Submission]:
    from sqlalchemy import select

    from grader.gradebook.tables import Submission

    query = select(Submission).where(Submission.assignment_id == asked.id).order_by(Submission.id)
    return list(session.scalars(query if person is None else query.where(Submission.person_id == person)))


def _tell(session: Session, submission: Submission, attempt: Attempt, counts: bool, before: Attempt | None) -> None:
    from grader.gradebook.score import difference
    from grader.gradebook.tables import Person
    from grader.result import Result

    by = session.get_one(Person, attempt.requested_by).name if attempt.requested_by else "nobody"
    typer.echo(
        f"submission {submission.id}  attempt {attempt.number}  {attempt.outcome}  {attempt.earned:g}/{attempt.possible:g}"
        f"  {'counts' if counts else '-'}  asked for by {by}: {attempt.reason}"
    )
    if before is None or attempt.ours:
        return
    found = difference(Result.model_validate_json(before.result), Result.model_validate_json(attempt.result))
    for name, (old, new) in found.fields.items():
        typer.echo(f"    {name}: {old} → {new}")
    for change in found.checks:
        old, new = (check.status if check else "no such check" for check in (change.before, change.after))
        typer.echo(f"    {change.check}: {old} → {new} ({change.points:+g})")
