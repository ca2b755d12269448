"""`mlops capstone`: one repository that grows, milestone by milestone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import BackendOption, PlainOption, app, console, course, leave
from grader.cli.checking import Shown, check_folder
from grader.cli.chosen import record
from grader.cli.learning import Json

if TYPE_CHECKING:
    from grader.result import Result

capstone = typer.Typer(name="capstone", help="One repository that grows, milestone by milestone.", no_args_is_help=True)
app.add_typer(capstone)

MilestoneArgument = Annotated[
    str | None, typer.Argument(metavar="[MILESTONE]", help="Its number; by default the first one that isn't passed yet.")
]


@capstone.command()
def init(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where; default ~/mlops-labs/churn-predictor.")] = None,
) -> None:
    """Make the repository's folder, or take yours.

    It is made from the template; one that you have is a clone of yours, or a folder that was moved.
    """
    from grader.capstone import progress, template

    tree = course()
    place = (folder or template.default_folder()).expanduser().resolve()
    out = console()
    if (place / ".git").exists():
        out.print(f"Your capstone is {place} from now on: a repository already, so nothing was written", soft_wrap=True)
    else:
        out.print(f"Made {place}: {len(template.create(tree, place))} files", soft_wrap=True)
    record().add(progress.STARTED, tree.milestones()[0].id, folder=str(place))
    out.print("Read first   mlops capstone brief\nThen work there, commit, and say: mlops capstone check")


@capstone.command()
def status() -> None:
    """How far your capstone has come."""
    from rich.table import Table

    from grader.capstone import progress
    from grader.spec.capstone import CapstoneSpec
    from grader.spec.loader import load

    tree, out = course(), console()
    place = progress.folder(record())
    found = progress.standings(tree, record())
    now = progress.current(found)
    table = Table(show_edge=False, pad_edge=False)
    for name in ("", "milestone", "points", ""):
        table.add_column(name, justify="right" if name == "points" else "left")
    for standing in found:
        points = f"{standing.earned:g}/{standing.milestone.spec.possible:g}" if standing.earned is not None else ""
        mark, said = ("✓", "passed") if standing.passed else ("", "next" if standing.milestone == now else "")
        table.add_row(mark, standing.milestone.spec.title, points, said)
    out.print(table)
    planned = len(load(tree.root / "capstone" / "capstone.yaml", CapstoneSpec).milestones) - len(found)
    out.print(f"{planned} more to come" if planned else "", end="\n" if planned else "")
    out.print(f"in {place}", soft_wrap=True)


@capstone.command()
def lab() -> None:
    """Open JupyterLab on your repository."""
    from grader.capstone import progress
    from grader.cli.learning import jupyterlab

    leave(jupyterlab(progress.folder(record()), "README.md", {}))


@capstone.command()
def brief(milestone: MilestoneArgument = None, as_json: Json = False) -> None:
    """What a milestone asks for."""
    from rich.markdown import Markdown

    from grader.capstone import progress
    from grader.cli.objects import BriefSaid

    tree = course()
    chosen = tree.milestone(milestone) if milestone else progress.current(progress.standings(tree, record()))
    text = chosen.brief.read_text(encoding="utf-8")
    if as_json:
        BriefSaid(lab=chosen.id, title=chosen.spec.title, text=text).write()
        return
    console().print(Markdown(text))


@capstone.command()
def check(
    milestone: MilestoneArgument = None,
    backend: BackendOption = "local",
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Explain every check that did not pass.")] = False,
    plain: PlainOption = False,
) -> None:
    """Check a milestone; what earlier ones proved is checked again."""
    from grader.capstone import progress

    tree, events = course(), record()
    folder = progress.folder(events)
    chosen = tree.milestone(milestone) if milestone else progress.current(progress.standings(tree, events))

    def next_step(result: Result) -> str:
        return "The next one: mlops capstone brief" if result.full else f"hint: mlops hint {chosen.id}"

    doing = f"asking the repository in {folder} about {chosen.spec.title} …"
    check_folder(chosen, folder, backend, doing, Shown(as_json, everything, plain, next_step))
