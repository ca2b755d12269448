"""Prints the table and keeps the numbers."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grader.bench.graders import TITLES
from grader.bench.summary import NO_MARK, Goal, Row

Verdicts = Mapping[str, Mapping[str, tuple[str, bool | None]]]
NUMBERS = (
    "wall s", "per min", "vs nbgrader", "wall x cores / floor", "cpu / floor", "grader", "sandboxes", "services", "machine",
    "MiB", "once s",
)  # fmt: skip
LEGEND = """\
  wall: per submission, median of the rounds. grader, sandboxes, services: CPU seconds per submission, '-' where it can't be
  told; machine: all CPU used meanwhile, by whatever ran. cpu / floor: of the three together; wall x cores / floor can't be
  less. MiB: of the grader's process. once: set-up and the first few marks."""
WORDS = {True: "reached", False: "NOT reached", None: "not measured"}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    here = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, cwd=here)
    return {
        "cores": len(os.sched_getaffinity(0)), "cpu": model or platform.processor(), "system": platform.platform(),
        "python": platform.python_version(), "commit": commit.stdout.strip(), "load_at_start": os.getloadavg()[0],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def show(console: Console, title: str, rows: Mapping[str, Row], missing: Mapping[str, str]) -> None:
    """The table of speeds."""
    table = Table(title=title, title_justify="left")
    for heading in ("grader", "sandbox"):
        table.add_column(heading)
    for heading in NUMBERS:
        table.add_column(heading, justify="right")
    nbgrader = rows.get("nbgrader")
    for name, row in rows.items():
        ratio = f"{nbgrader.wall / row.wall:.1f}x" if nbgrader else ""
        floor = name == "floor"
        table.add_row(
            TITLES[name].text, TITLES[name].sandbox, f"{row.wall:.3f}", "" if floor else f"{row.per_minute:.0f}",
            "" if floor else ratio, *(_times(None if floor else times) for times in (row.over_floor, row.cpu_over_floor)),
            *(_seconds(row.cpu.get(part)) for part in ("grader", "sandboxes", "services")), _seconds(row.machine_cpu),
            f"{row.memory_start_mb:.0f} -> {row.memory_end_mb:.0f}", f"{row.once:.1f}",
        )  # fmt: skip
    console.print(table)
    console.print(LEGEND)
    for name, why in missing.items():
        console.print(f"  left out: {TITLES[name].text}: {why}", soft_wrap=True)
    console.print()


def show_verdicts(console: Console, title: str, deserved: Mapping[str, float], verdicts: Verdicts) -> None:
    """What each grader gave each kind of submission."""
    table = Table(title=title, title_justify="left")
    for heading in ("submission", "deserves", *(TITLES[name].text for name in verdicts)):
        table.add_column(heading)
    for kind, points in deserved.items():
        cells = []
        for given in verdicts.values():
            got, right = given.get(kind, ("", None))
            wrong = got if got == NO_MARK else f"{got}  WRONG"
            cells.append({True: got, False: wrong, None: "gives no marks"}[right] if got else "")
        table.add_row(kind, f"{points:g}", *cells)
    console.print(table)
    console.print()


def show_goals(console: Console, goals: Sequence[Goal]) -> None:
    """The goals beside what was reached."""
    table = Table("goal", "this run", "", title="Goals", title_justify="left")
    for goal in goals:
        table.add_row(goal.text, goal.reached, WORDS[goal.met] if goal.met is not None else "")
    console.print(table)
    console.print()


def show_phases(console: Console, phases: Mapping[str, Mapping[str, float]]) -> None:
    """Where a submission's time goes, as the grader's own results say."""
    if not phases:
        return
    headings = ("grader", "services and sandbox", "cells", "checks and closing", "sum")
    table = Table(*headings, title="Median seconds by phase", title_justify="left")
    for name, each in phases.items():
        table.add_row(name, *(f"{each[phase]:.3f}" for phase in ("services", "cells", "checks", "all")))
    console.print(table)
    console.print()


def keep(folder: Path, content: dict[str, Any]) -> Path:
    """Write the run's numbers as JSON and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    path.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []
