"""The tables that README.md quotes of runs that were kept: of all graders, and of our own on a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.bench import graders
from grader.bench import table as written
from grader.bench.report import WORDS

COMMAND = "python -m grader.bench --quote"
MARKS = {graders.NBGRADER: written.marks("speed", COMMAND), graders.KUBERNETES: written.marks("cluster", COMMAND)}
"""A run is quoted for each of these that it measured."""
HEAD = (
    "| grader | s a submission | a minute | times nbgrader | wall x cores / floor | cpu / floor | MiB at first, at last |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n"
)
GOALS = "\n| goal | reached | |\n| --- | --- | --- |\n"


def quote(path: Path) -> None:
    """Write the README's tables of a run whose numbers are kept at `path`."""
    readme = written.README.read_text(encoding="utf-8")
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, marks in MARKS.items():
        if name in content["core"]["rows"]:
            readme = written.rewritten(readme, marks, table(path.name, content))
    written.README.write_text(readme, encoding="utf-8")


def table(name: str, content: dict[str, Any]) -> str:
    """Of the numbers in the file of this name."""
    machine, core, whole = content["machine"], content["core"], content.get("whole")
    nbgrader = core["rows"].get(graders.NBGRADER)
    lines = [_row(graders.TITLES[key].text, row, nbgrader) for key, row in core["rows"].items()]
    lines += (
        [_row(f"{graders.TITLES[key].text}, lab 04 whole", row, None) for key, row in whole["rows"].items()] if whole else []
    )
    goals = [
        f"| {goal['text']} | {goal['reached']} | {WORDS[goal['met']]} |\n"
        for goal in content["goals"]
        if goal["met"] is not None
    ]
    about = (
        f"`{name}`: {machine['time'][:10]}, {machine['cores']} cores, load {machine['load_at_start']:.1f}, commit"
        f" {machine['commit'][:7]}; {core['submissions']} submissions"
        + (f", {whole['submissions']} of lab 04 whole.\n\n" if whole else ".\n\n")
    )
    return about + HEAD + "".join(lines) + GOALS + "".join(goals)


def _row(title: str, row: dict[str, Any], nbgrader: dict[str, Any] | None) -> str:
    floor = row["name"] == graders.FLOOR
    times = "" if floor or nbgrader is None else f"{nbgrader['wall'] / row['wall']:.1f}"
    numbers = [f"{row['wall']:.3f}", "" if floor else f"{row['per_minute']:.0f}", times]
    numbers += ["" if floor or row[key] is None else f"{row[key]:.2f}" for key in ("over_floor", "cpu_over_floor")]
    memory = "" if floor else f"{row['memory_start_mb']:.0f}, {row['memory_end_mb']:.0f}"
    return f"| {title} | {' | '.join(numbers)} | {memory} |\n"
