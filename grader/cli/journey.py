"""`mlops undo`, `solution`, `submit`, `progress` and `mlops` alone: what a learner's way through the course needs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import PlainOption, app, console, course, home
from grader.cli.chosen import LabArgument, current, record, worked_on
from grader.cli.learning import Json

if TYPE_CHECKING:
    from grader.cli.objects import ProgressSaid

HOUR, MINUTE = 3600, 60


def where() -> None:
    """Where you are, and the next step."""
    from grader.learner.progress import next_step

    what, command = next_step(course(), record())
    out = console()
    out.print(f"Next: {what}.", soft_wrap=True)
    out.print(f"  {command}")
    out.print("All commands: mlops --help" if record().last("started") else "New here: mlops tour. All commands: mlops --help")


@app.command()
def undo(lab: LabArgument = None, as_json: Json = False) -> None:
    """Take the last reset back."""
    from grader.cli.objects import ResetSaid
    from grader.errors import BadInput
    from grader.learner import workspace

    chosen, folder = worked_on(lab)
    events = [e for e in record().events(lab=chosen.id) if e["event"] in ("reset", "undone")]
    if not events:
        raise BadInput(f"nothing of lab {chosen.id} was reset", "mlops reset is what this takes back")
    backup = workspace.undo(folder, Path(events[-1]["backup"]))
    record().add("undone", chosen.id, backup=str(backup))
    if as_json:
        ResetSaid(lab=chosen.id, task=None, backup=str(backup)).write()
        return
    console().print("Your version is back. What stood there until now (mlops undo brings it back again) is in")
    console().print(str(backup), soft_wrap=True)


@app.command()
def solution(
    lab: LabArgument = None,
    give_up: Annotated[bool, typer.Option("--give-up", help="See it before full marks; this is recorded.")] = False,
) -> None:
    """The author's solution, once you have full marks."""
    from grader.errors import BadInput
    from grader.learner import bundle
    from grader.learner.progress import steps

    chosen, folder = current(lab)
    solved = any(step.solved for step in steps(course(), record()) if step.lab == chosen.id)
    if not (solved or give_up):
        left = "a check that fails has up to four hints: mlops hint"
        raise BadInput(f"lab {chosen.id} is not solved yet; {left}", "to see it all the same: mlops solution --give-up")
    place = folder / "solution"
    bundle.put(place, bundle.files(course(), chosen, "solution"))
    record().add("solution", chosen.id, gave_up=not solved)
    console().print(f"The author's solution, beside yours: {place}", soft_wrap=True)


@app.command()
def submit(
    lab: LabArgument = None,
    out: Annotated[Path | None, typer.Option("--out", help="The bundle's file; default <lab>.zip here.")] = None,
    student: Annotated[str | None, typer.Option("--student", help="Your name, as your course knows it.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="URL", help="Hand it in there; wait for the score.")] = None,
    klass: Annotated[str | None, typer.Option("--course", help="With --to: for this course.")] = None,
    assignment: Annotated[str | None, typer.Option("--assignment", help="With --to: for this assignment.")] = None,
    plain: PlainOption = False,
) -> None:  # fmt: skip
    """Make the sealed bundle to hand in, or (--to) hand it in.

    Of a milestone it is your capstone's repository.
    """
    from dataclasses import replace

    from grader.capstone.progress import folder as repository
    from grader.course.tree import Milestone
    from grader.errors import BadInput
    from grader.grading.inbox import of_folder
    from grader.grading.sealed import STUDENT, bundle
    from grader.notebook.rebuild import rebuild

    chosen, folder = current(lab)
    if isinstance(chosen, Milestone):
        folder = repository(record())
    if student is not None and not STUDENT.fullmatch(student):
        raise BadInput(f"{student!r} can't be a student's name", "letters, digits and . @ + -, at most 64")
    submission = replace(of_folder(chosen, folder), student=student)
    rebuild(chosen, submission.notebook)
    if to is not None:
        from grader.cli.handing_in import hand_in

        hand_in(to, chosen, submission, klass, assignment, plain)
    file = (out or Path(f"{chosen.id}.zip")).resolve()
    if not file.parent.is_dir():
        raise BadInput(f"there is no folder {file.parent}", "make it, or name another: --out")
    file.write_bytes(bundle(chosen, submission))
    record().add("submitted", chosen.id, file=str(file), sha256=submission.sha256)
    console().print(f"Sealed {len(submission.files) + bool(submission.notebook)} file(s) as {file}", soft_wrap=True)
    console().print(f"sha256 {submission.sha256}", soft_wrap=True)


@app.command()
def progress(as_json: Json = False) -> None:
    """Modules, points and time, and what comes next."""
    from rich.table import Table

    from grader.learner.progress import steps

    if as_json:
        _progress_object().write()
        return
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("module")
    for name in ("lab", "best", "quiz", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in steps(course(), record()):
        quiz = f"{step.quiz[0]:g}/{step.quiz[1]}" if step.quiz else ""
        table.add_row(f"{step.module[:2]} {step.title}", _points(step.earned), _points(step.best), quiz, _time(step.seconds))
    console().print(table)
    console().print()
    where()


def _progress_object() -> ProgressSaid:
    from grader.cli.objects import ModuleShown, ProgressSaid
    from grader.learner.progress import next_step, steps

    tree, events = course(), record()
    shown = [ModuleShown(**dataclasses.asdict(step), solved=step.solved) for step in steps(tree, events)]
    what, command = next_step(tree, events)
    return ProgressSaid(modules=tuple(shown), next=what, command=command)


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:g}/100"


def _time(seconds: float) -> str:
    minutes = round(seconds / MINUTE)
    return "" if minutes == 0 else f"{minutes} min" if seconds < HOUR else f"{minutes // 60} h {minutes % 60:02} min"


@app.command(name="export")
def export_record(out: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Carry your progress to another machine: write it to a file."""
    from grader.errors import BadInput

    if out.exists():
        raise BadInput(f"{out} is there already", "name another file, so that nothing is overwritten")
    events = record().lines()
    out.write_text("".join(f"{line}\n" for line in events), encoding="utf-8")
    console().print(f"Wrote {len(events)} event(s) to {out}", soft_wrap=True)


@app.command(name="import")
def import_record(file: Annotated[Path, typer.Argument(help="What `mlops export` wrote.")]) -> None:
    """Add another machine's progress. Nothing that is here is lost."""
    from grader.errors import BadInput

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput(f"{file} can't be read: {why}", "name the file that `mlops export` wrote") from None
    added = record().merge(text.splitlines())
    console().print(f"Added {added} event(s); {home()} holds your progress", soft_wrap=True)
