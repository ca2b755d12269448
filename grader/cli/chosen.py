"""Which lab a command is about, and the record it is written into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader.cli.app import course, home

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.grading.submission import Submission
    from grader.learner.record import Record
    from grader.result import Result

LabArgument = Annotated[
    str | None, typer.Argument(help="The lab's id or number; by default the one whose folder this is, or started last.")
]


def current(lab: str | None) -> tuple[Lab, Path]:
    """The lab (by default the one in whose folder this is, else the one started last) and the folder where it was started.

    Raises BadInput when there is none, and in the capstone's repository, which has commands of its own.
    """
    from grader.errors import BadInput
    from grader.learner.place import folder_of

    tree, events = course(), record()
    if lab is None:
        last = _started_here(events) or events.last("started")
        if last is None:
            raise BadInput("no lab was started yet", "mlops modules shows them; the first one: mlops start 00")
        return tree.lab(last["lab"]), Path(last["folder"])
    chosen = tree.lab(lab)
    started = events.last("started", chosen.id)
    return chosen, Path(started["folder"]) if started else folder_of(chosen)


def worked_on(lab: str | None) -> tuple[Lab, Path]:
    """The same, and a milestone with the capstone's repository: by default, inside it, the milestone that comes next.

    Raises BadInput when there is none.
    """
    from grader.capstone import progress
    from grader.course.tree import MILESTONE

    events = record()
    if lab is not None and lab.startswith(MILESTONE):
        return course().milestone(lab), progress.folder(events)
    if lab is None and in_the_capstone(events):
        return progress.current(progress.standings(course(), events)), progress.folder(events)
    return current(lab)


def in_the_capstone(events: Record) -> bool:
    """Whether the command was given in the capstone's repository."""
    from grader.capstone import progress

    capstone = events.last(progress.STARTED)
    return capstone is not None and Path.cwd().resolve().is_relative_to(capstone["folder"])


def _started_here(events: Record) -> dict[str, Any] | None:
    """The event of the lab in whose folder the command was given."""
    from grader.errors import BadInput

    here = Path.cwd().resolve()
    if in_the_capstone(events):
        raise BadInput("this is your capstone's repository", "mlops capstone check; or name a lab: mlops check 01")
    return next((e for e in reversed(list(events.events("started"))) if here.is_relative_to(e["folder"])), None)


def remember(lab: Lab, result: Result, submission: Submission) -> None:
    """Write a check's result into the record, and keep it whole beside what it judged: the cells, and the files' hashes."""
    from grader.learner import changes, last_result, workspace

    sources, files = workspace.sources(lab, submission.notebook), changes.hashes(submission.files)
    last_result.keep(home(), last_result.Kept(result=result, sources=sources, files=files))
    checks = {c.id: (c.status, c.found) for c in result.checks}
    record().add("checked", lab.id, earned=result.earned, possible=result.possible, outcome=result.outcome, checks=checks)


def record() -> Record:
    """What this learner did so far."""
    from grader.learner.record import Record

    return Record(home())
