"""The learner's waits: kept as one line of JSON a run, shown in README.md as the last run has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.bench import learner_results as results
from grader.bench.table import rewritten

WAITS = {
    "first start": [9.0], "next start": [2.0, 3.0, 10.0], "check": [1.0] * 9 + [2.0], "check beyond the cells": [0.2, 0.5],
    "save to first word": [1.5],
}  # fmt: skip
TABLE = """\
| 2026-11-26, 2 cores, load 0.6, commit 0123456 | median s | p90 s | goal s | of |
| --- | --- | --- | --- | --- |
| first start | 9.00 | 9.00 | 10 | 1 |
| next start | 3.00 | 8.60 | 3 | 3 |
| check | 1.00 | 1.10 |  | 10 |
| check beyond the cells | 0.35 | 0.47 | 0.5 | 2 |
| save to first word | 1.50 | 1.50 | 1 | 1 |
"""
MACHINE = {"time": "2026-11-26T16:00:00+00:00", "cores": 2, "load_at_start": 0.61, "commit": "0123456789abcdef"}


def test_the_readme_has_the_last_figures() -> None:
    """As the results that were kept have them."""
    readme = results.README.read_text(encoding="utf-8")
    assert readme == rewritten(readme, results.MARKS, results.table(results.RESULTS.read_text(encoding="utf-8")))


def test_a_run_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run adds a line, and the README's table shows the last; all around it stays as it was."""
    readme, lines = tmp_path / "README.md", tmp_path / "learner.jsonl"
    readme.write_text(f"before\n{results.MARKS[0]}{results.NONE}{results.MARKS[1]}after\n", encoding="utf-8")
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(results, "RESULTS", lines)
    monkeypatch.setattr(results, "machine", lambda: MACHINE)
    results.keep({**WAITS, "first start": [99.0]})
    results.keep(WAITS)
    kept = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert kept == [
        {**MACHINE, "goals": results.GOALS, "seconds": seconds} for seconds in ({**WAITS, "first start": [99.0]}, WAITS)
    ]
    assert readme.read_text(encoding="utf-8") == f"before\n{results.MARKS[0]}{TABLE}{results.MARKS[1]}after\n"


def test_what_misses_its_goal() -> None:
    """A median that is over the goal, not one that just reaches it."""
    assert results.missed(WAITS) == ["save to first word"]
