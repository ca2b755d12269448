"""`mlops drill`: live faults to triage, mend and verify."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, console, course, home, leave, say, stack

if TYPE_CHECKING:
    from grader.course.tree import Drill
    from grader.drills.judge import Verdict
    from grader.drills.room import Room
    from grader.learner.record import Record

drilling = typer.Typer(name="drill", help="Live faults to triage, mend and verify.", no_args_is_help=True)
app.add_typer(drilling)

DrillArgument = Annotated[str | None, typer.Argument(help="The drill's id; by default the one started last.")]


@drilling.command("list")
def list_drills() -> None:
    """The drills by category, and how you did."""
    from rich.table import Table

    from grader.spec.drill import Category

    record, up = _record(), {state.drill for state in _room().shelf.under_way()}
    table = Table(show_edge=False, pad_edge=False)
    for name in ("drill", "what fails", "min", ""):
        table.add_column(name, no_wrap=name != "what fails")
    drills = sorted(course().drills(), key=lambda d: (list(Category).index(d.spec.category), d.id))
    for drill, before in zip(drills, [None, *drills], strict=False):
        if before is not None and before.spec.category != drill.spec.category:
            table.add_section()
        mended = any(event["mended"] for event in record.events("drill_checked", drill.id))
        where = "under way" if drill.id in up else "mended" if mended else ""
        table.add_row(drill.id, drill.spec.title, str(drill.spec.minutes), where)
    console().print(table)


@drilling.command()
def start(
    name: Annotated[str, typer.Argument(metavar="DRILL", help="The drill's id.")],
    folder: Annotated[Path | None, typer.Option("--dir", help="Where; default ~/mlops-labs/drills/<drill>.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Start anew; what you did is thrown away.")] = False,
) -> None:
    """Inject a fault and show the page that reaches you."""
    from grader.drills.folder import folder_of
    from grader.drills.room import page
    from grader.errors import BadInput

    tree, room = course(), _room()
    drill = tree.drill(name)
    where = (folder or folder_of(drill)).expanduser().resolve()
    if tree.root.resolve() in (where, *where.parents):
        raise BadInput(f"{where} lies inside the course", "work elsewhere, so that updates never touch your files: --dir")
    if again:
        room.stop(drill)
    commands = _commands(drill)
    say("breaking something …")
    state = room.start(drill, where, commands)
    _record().add("drill_started", drill.id, folder=str(where))
    out = console()
    headline, _, text = page(drill, state).strip().partition("\n")
    out.print(headline, style="bold")
    out.print(" ".join(text.split()))
    out.print("\nGo there      ", f"cd {where} && . ./env.sh", sep="", soft_wrap=True)
    out.print("See it        ", drill.spec.symptom.run, sep="", soft_wrap=True)
    out.print("Then          mend it, and say: mlops drill check (stuck: mlops drill hint)")


@drilling.command()
def check(name: DrillArgument = None) -> None:
    """Verify the cure, and that nothing else broke."""
    drill, room = _current(name)
    verdicts = room.check(drill)
    mended = all(verdict.passed for verdict in verdicts)
    record = _record()
    record.add("drill_checked", drill.id, mended=mended, checks={v.id: v.passed for v in verdicts})
    _show(verdicts)
    if mended:
        _congratulate(drill, record, room.state(drill).started)
    else:
        console().print("\nNot mended yet. The next triage step: mlops drill hint")
    leave(0 if mended else 1)


@drilling.command()
def hint(name: DrillArgument = None) -> None:
    """The next triage step."""
    drill, room = _current(name)
    record, steps = _record(), drill.spec.triage
    since = room.state(drill).started
    given = sum(1 for event in record.events("drill_hint", drill.id) if event["time"] >= since)
    record.add("drill_hint", drill.id, tier=given + 1)
    out = console()
    if given >= len(steps):
        out.print(f"The likeliest cause: {drill.spec.causes[0]}")
        out.print("There is no further hint; the fix itself: mlops drill fix")
        return
    step = steps[given]
    out.print(f"hint {given + 1} of {len(steps) + 1}. Run, in the drill's folder:\n")
    out.print(_indented(step.run), soft_wrap=True)
    out.print(f"\nand look for: {step.see}\nIt means: {' '.join(step.means.split())}")


@drilling.command()
def fix(name: DrillArgument = None) -> None:
    """The root causes, the fix, and what is none."""
    drill, room = _current(name)
    if room.shelf.read(drill.id) is not None:
        _record().add("drill_fix_shown", drill.id)
    out = console()
    for number, cause in enumerate(drill.spec.causes, 1):
        out.print(f"cause {number}. {cause}")
    for step in drill.spec.fix:
        out.print(f"\n{' '.join(step.does.split())}")
        out.print(_indented(step.run), soft_wrap=True)
    for wrong in drill.spec.wrong:
        out.print(f"\nNo fix ({wrong.id}): {' '.join(wrong.why.split())}")
    for text in drill.spec.prevention:
        out.print(f"\nPrevention: {' '.join(text.split())}")


@drilling.command()
def stop(name: DrillArgument = None) -> None:
    """Take the fault and the drill's folder away."""
    drill, room = _current(name)
    if room.stop(drill):
        _record().add("drill_stopped", drill.id)
        console().print(f"Removed the drill {drill.id} with its folder. Services stay up until: mlops stop")
    else:
        console().print(f"Drill {drill.id} is not under way.")


@drilling.command()
def prove(
    names: Annotated[list[str] | None, typer.Argument(metavar="[DRILL]...", help="All when none is given.")] = None,
) -> None:
    """Authors: inject, triage, fix wrongly, fix, and verify each drill."""
    import tempfile

    from grader.drills.rehearsal import rehearse

    tree, room, bad = course(), _room(), 0
    for drill in [tree.drill(name) for name in names] if names else tree.drills():
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="drill-") as place:
            problems = rehearse(room, drill, Path(place).resolve() / drill.id, _commands(drill))
        bad += bool(problems)
        console().print(f"{'✗' if problems else '✓'} {drill.id}  {time.monotonic() - began:.1f} s")
        for problem in problems:
            console().print(f"  {problem}", soft_wrap=True)
    leave(1 if bad else 0)


@drilling.command()
def matrix(
    out: Annotated[Path | None, typer.Option("--out", help="The file; default: the course's own page.")] = None,
) -> None:
    """Authors: write the troubleshooting matrix from the drills."""
    from grader.drills.matrix import FILE, matrix

    tree = course()
    file = out or tree.root / FILE
    file.write_text(matrix(tree), encoding="utf-8")
    say(f"wrote {file}")


def _congratulate(drill: Drill, record: Record, since: float) -> None:
    """How long it took and with what help, since the drill's start."""
    hints = sum(1 for event in record.events("drill_hint", drill.id) if event["time"] >= since)
    shown = any(event["time"] >= since for event in record.events("drill_fix_shown", drill.id))
    help_used = "with the fix shown" if shown else f"{hints or 'no'} hint{'' if hints == 1 else 's'}"
    console().print(f"\nMended in {(time.time() - since) / 60:.0f} min, {help_used}.")
    console().print(f"The entry, to keep: mlops drill fix {drill.id}\nClean up:           mlops drill stop {drill.id}")


def _show(verdicts: Sequence[Verdict]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from grader.result import printable

    out = console()
    for verdict in verdicts:
        mark, colour = ("✓", "green") if verdict.passed else ("✗", "red")
        out.print(Text(f"{mark} {verdict.id}", style=f"bold {colour}").append(f"  {verdict.statement}", "default not bold"))
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column()
        for label, text in (("expected", verdict.expected), ("found", verdict.found), ("next", verdict.next)):
            if text:
                grid.add_row(label, Text(printable(text)))
        if not verdict.passed:
            out.print(Padding(grid, (0, 0, 0, 4), expand=False))


def _indented(command: str) -> str:
    return "\n".join(f"    {line}" for line in command.splitlines())


def _commands(drill: Drill) -> list[Path]:
    """The folders of the commands of a drill's environments, installed."""
    from grader.backends.local import venv

    found = []
    for environment in map(course().environment, drill.spec.environments):
        say(f"preparing environment {environment.spec.title} …")
        found.append(venv.executables(venv.prepare(environment, home() / "environments")))
    return found


def _current(name: str | None) -> tuple[Drill, Room]:
    """The drill (by default the one started last that is still under way)."""
    from grader.errors import BadInput

    tree, room = course(), _room()
    if name is None:
        up = room.shelf.under_way()
        if not up:
            raise BadInput("no drill is under way", "mlops drill list, then mlops drill start <drill>")
        return tree.drill(up[-1].drill), room
    return tree.drill(name), room


def _room() -> Room:
    from grader.drills.room import Room

    return Room(stack("local"), home())


def _record() -> Record:
    from grader.learner.record import Record

    return Record(home())
