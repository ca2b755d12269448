"""The figures of runs that were kept, and the table that README.md has of them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.bench import table as written
from grader.bench.kills.plan import KINDS, Plan, Report

RESULTS = Path(__file__).with_name("results.jsonl")
README = written.README
MARKS = written.marks("kills", "python -m grader.bench.kills --keep")
HEAD = (
    "| last figures | submissions, kills | killed: " + ", ".join(KINDS) + " | leases | ended by a kill | attempts that were our"
    " fault | dead letters retried | minutes | wrong |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def keep(database: str, plan: Plan, report: Report) -> None:
    """Add a line to the results, and write the README's table anew."""
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1)}
    line = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "database": database, **machine, "plan": asdict(plan)}
    with RESULTS.open("a", encoding="utf-8") as out:
        out.write(json.dumps({**line, "report": asdict(report)}) + "\n")
    made = table(RESULTS.read_text(encoding="utf-8"))
    README.write_text(written.rewritten(README.read_text(encoding="utf-8"), MARKS, made), encoding="utf-8")


def table(lines: str) -> str:
    """The last run on each database."""
    last = {run["database"]: run for run in map(json.loads, lines.splitlines())}
    return HEAD + "".join(_row(last[database]) for database in TITLES if database in last)


def _row(run: dict[str, Any]) -> str:
    report = run["report"]
    killed: dict[str, int] = dict.fromkeys(KINDS, 0)
    for name, count in report["kills"].items():
        killed[name.partition(" ")[0]] += count
    cells = (
        f"{TITLES[run['database']]}, {run['at'][:10]}, {run['cores']} cores, load {run['load']:g}",
        f"{report['acknowledged']} of {report['submissions']}, {sum(killed.values())}", ", ".join(map(str, killed.values())),
        report["leases"], report["leases_ended"], sum(report["faults"].values()), report["dead_letters_retried"],
        round(report["seconds"] / 60), len(report["wrong"]),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |\n"
