"""`mlops admin backup`, `restore` and `prune`: what is kept, and for how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.admin import BlobsOption, DatabaseOption, admin, open_blobs, open_database
from grader.cli.app import home, leave, say

if TYPE_CHECKING:
    from grader.gradebook.backup import About

UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@admin.command()
def backup(file: Path, database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Save the gradebook and all that was handed in to one file.

    The file is new and of one moment; everybody may go on working meanwhile.
    """
    from grader.gradebook.backup import save

    about = save(open_database(database), open_blobs(blobs), file)
    say(f"{file}: {_told(about)}")
    if about.missing:
        say(f"not in the store, so not in the backup: {', '.join(about.missing)} (restore them from an earlier backup)")
        leave(1)


@admin.command()
def restore(file: Path, database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Bring a backup back, into an empty database.

    Of either kind, whichever it was taken from; tables of an older version are brought up to this one.
    """
    from grader.gradebook.backup import restore

    opened = open_database(database, ready=False)
    about = restore(opened, open_blobs(blobs), file)
    say(f"{opened}: {_told(about)}")


@admin.command()
def prune(
    older_than: Annotated[str, typer.Option("--older-than", metavar="AGE", help="Such as 180d, 26w or 48h.")],
    evidence: Annotated[Path | None, typer.Option("--evidence", help="The worker's --out; in the home unless given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Remove old evidence; what scores come from stays.

    Executed notebooks and files of gradings go, and messages that were sent. Submissions, results, marks and comments stay for
    ever, and what was handed in can be graded again.
    """
    from grader.gradebook import retention
    from grader.grading.evidence import forget

    opened, before = open_database(database), datetime.now(UTC) - _age(older_than)
    with opened.reading() as session:
        held = retention.unfinished(session)
    gone, freed = forget(evidence or home() / "evidence", before, held, dry_run)
    messages = 0 if dry_run else retention.forget_messages(opened, before)
    verb = "would go" if dry_run else "removed"
    say(f"{verb}: evidence of {gone} attempt(s), {freed / 2**20:.1f} MiB; {messages} sent message(s)")


def _told(about: About) -> str:
    rows, tables = sum(about.tables.values()), len(about.tables)
    return f"{rows} rows of {tables} tables, {about.blobs} blobs, as of {about.taken_at}"


def _age(words: str) -> timedelta:
    """Raises BadInput for what is no age."""
    from grader.errors import BadInput

    found = re.fullmatch(r"(\d{1,5})([hdw])", words)
    if found is None:
        raise BadInput(f"{words!r} is no age", "such as 180d, 26w or 48h")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
