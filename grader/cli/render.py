"""How results look in a terminal: 80 columns, and the same words without colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.result import printable

if TYPE_CHECKING:
    from rich.console import Console

    from grader.course.tree import Course
    from grader.grading.verify import Row
    from grader.result import CheckResult, Result, Status

MARKS: dict[Status, str] = {"passed": "✓", "partial": "◐", "failed": "✗", "not_run": "·", "unavailable": "?"}
COLOURS: dict[Status, str] = {
    "passed": "green",
    "partial": "yellow",
    "failed": "red",
    "not_run": "bright_black",
    "unavailable": "magenta",
}


def score(console: Console, title: str, result: Result, plain: bool = False) -> None:
    """A submission's score table, or the same as a sentence a check."""
    outcome = "ran to its end" if result.outcome == "finished" else result.outcome.replace("_", " ")
    console.print(Text(f"{printable(title)}: {outcome}", style="bold"))
    if plain:
        for check in result.checks:
            console.print(f"{check.id}: {check.status.replace('_', ' ')}, {check.earned:g} of {check.possible:g} points.")
        console.print(f"Total: {result.earned:g} of {result.possible:g} points.")
    else:
        console.print(_table(result))
    if unavailable := sum(check.possible for check in result.checks if check.status == "unavailable"):
        console.print(f"{unavailable:g} of {result.possible:g} points are unavailable on this machine (see `mlops doctor`)")
    _remarks(console, result)


def summary(console: Console, result: Result) -> None:
    """A line that says how many checks came out how."""
    counts = Counter(check.status for check in result.checks)
    told = ", ".join(f"{counts[status]} {status.replace('_', ' ')}" for status in COLOURS if counts[status])
    console.print(Text(f"{result.earned:g}/{result.possible:g} points: {told}", style="bold"))
    _remarks(console, result)


def _remarks(console: Console, result: Result) -> None:
    for flag in result.flags:
        console.print(Text(f"! {flag}"))
    if result.detail:
        console.print(Text(f"! {result.detail}"))


def _table(result: Result) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_footer=True)
    table.add_column("", width=1)
    table.add_column("check", footer="total", no_wrap=True)
    table.add_column("verdict", footer="")
    table.add_column("points", footer=f"{result.earned:g}/{result.possible:g}", justify="right", no_wrap=True)
    for check in result.checks:
        mark = Text(MARKS[check.status], style=COLOURS[check.status])
        table.add_row(mark, check.id, check.status.replace("_", " "), f"{check.earned:g}/{check.possible:g}")
    return table


def feedback(
    console: Console, result: Result, limit: int | None = None, plain: bool = False, others: str = "all of them: --all"
) -> None:
    """What the checks that did not pass expected and found, and what to do next; the first `limit` of them, and how to see
    the `others`."""
    missed = [check for check in result.checks if check.status != "passed"]
    first: dict[str, str] = {}
    for check in missed[:limit]:
        _explain(console, check, first.get(check.found, ""), plain)
        first.setdefault(check.found, check.id)
    if limit is not None and len(missed) > limit:
        console.print(Text(f"\n… and {len(missed) - limit} more; work on the first one ({others})"))


def _explain(console: Console, check: CheckResult, same_as: str, plain: bool) -> None:
    """One check; where it found what an earlier one found, that isn't said a second time."""
    lines = {"expected": check.expected, "found": check.found, "next": check.next}
    if same_as:
        lines = {"found": f"the same as {same_as}"}
    console.print()
    if plain:
        console.print(Text(f"{check.id}. What must hold: {check.statement}"))
        for name in filter(lines.get, lines):
            console.print(Text(f"{name.capitalize()}: {lines[name]}"))
        return
    head = Text(f"{MARKS[check.status]} {check.id}", style=f"bold {COLOURS[check.status]}")
    head.append(f"  {check.earned:g}/{check.possible:g}  {check.statement}", style="default not bold")
    console.print(head)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    for name, text in lines.items():
        if text:
            grid.add_row(name, Text(text))
    console.print(Padding(grid, (0, 0, 0, 4)))


def verdicts(console: Console, rows: Sequence[Row]) -> None:
    """What `mlops verify` found, one row a sample."""
    table = Table(show_edge=False, pad_edge=False)
    for name in ("", "lab", "sample", "outcome"):
        table.add_column(name, no_wrap=name != "outcome")
    table.add_column("points", justify="right")
    for row in rows:
        mark = Text("✗", style="red") if row.problems else Text("✓", style="green")
        table.add_row(mark, row.lab.removeprefix("capstone-")[:2], row.sample, row.outcome, f"{row.earned:g}")
    console.print(table)
    for row in rows:
        for problem in row.problems:
            console.print(Text(f"✗ {row.lab} {row.sample}: {problem}", style="red"))


def modules(console: Console, course: Course) -> None:
    """The course's modules, those to come included."""
    there = {module.spec.id: module.spec for module in course.modules()}
    table = Table(show_edge=False, pad_edge=False)
    for name in ("module", "title", "lessons", "lab"):
        table.add_column(name, no_wrap=name == "module")
    for phase in course.spec.phases:
        table.add_section()
        for module in phase.modules:
            spec = there.get(module)
            if spec is None:
                table.add_row(module, Text("planned", style="bright_black"), "", "")
            else:
                table.add_row(module, spec.title, str(len(spec.lessons)), "yes" if spec.lab else "")
    console.print(table)
