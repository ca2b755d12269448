"""The learner's waits of runs that were kept, and the table that README.md has of the last one."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.bench import table as written
from grader.bench.report import machine

RESULTS = Path(__file__).with_name("learner.jsonl")
README = written.README
MARKS = written.marks("learner", "python -m grader.bench.learner --keep")
GOALS = {"first start": 10.0, "next start": 3.0, "check beyond the cells": 0.5, "save to first word": 1.0}
"""Seconds, for the median, from the issues that asked for them."""
HEAD = "| {date}, {cores} cores, load {load}, commit {commit} | median s | p90 s | goal s | of |\n"
RULE = "| --- | --- | --- | --- | --- |\n"
NONE = "No run was kept yet.\n"

Waits = Mapping[str, Sequence[float]]
"""Seconds by the name of what was waited for."""


def high(seconds: Sequence[float]) -> float:
    """The 90th percentile."""
    return statistics.quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def missed(found: Waits) -> list[str]:
    """The goals whose median is over them."""
    return [name for name, goal in GOALS.items() if statistics.median(found[name]) > goal]


def keep(found: Waits) -> None:
    """Add a line to the results, and write the README's table anew."""
    rounded = {name: [round(one, 3) for one in seconds] for name, seconds in found.items()}
    with RESULTS.open("a", encoding="utf-8") as out:
        out.write(json.dumps({**machine(), "goals": GOALS, "seconds": rounded}) + "\n")
    made = table(RESULTS.read_text(encoding="utf-8"))
    README.write_text(written.rewritten(README.read_text(encoding="utf-8"), MARKS, made), encoding="utf-8")


def table(lines: str) -> str:
    """The last run that was kept."""
    if not lines.strip():
        return NONE
    run = json.loads(lines.splitlines()[-1])
    head = HEAD.format(
        date=run["time"][:10], cores=run["cores"], load=f"{run['load_at_start']:.1f}", commit=run["commit"][:7] or "unknown"
    )
    return head + RULE + "".join(_row(name, seconds, run["goals"].get(name)) for name, seconds in run["seconds"].items())


def _row(name: str, seconds: Sequence[float], goal: float | None) -> str:
    wanted = "" if goal is None else f"{goal:g}"
    return f"| {name} | {statistics.median(seconds):.2f} | {high(seconds):.2f} | {wanted} | {len(seconds)} |\n"
