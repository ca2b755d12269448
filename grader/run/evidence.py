"""What a run left behind, before anybody judges it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.run.traceback import Frame, frames
from grader.spec.sample import Outcome

SHOWN_LINES = 4
"""Of what a shell command that failed wrote last."""


@dataclass(frozen=True)
class CellRecord:
    """How one cell ended. `error` and `line` are the student's own words: they are shown, never trusted."""

    id: str
    status: Literal["ran", "raised", "timed_out", "not_run"]
    error: str = ""
    line: int | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The outcome, the cells by id, the executed notebook's path, and the wall time of the cells."""

    outcome: Outcome
    detail: str
    cells: dict[str, CellRecord]
    notebook: Path
    seconds: float


def records(notebook: Any, timed_out: list[str], ran: list[str]) -> dict[str, CellRecord]:
    """A record for each code cell that has an id of ours."""
    return {cell["id"]: _record(notebook, cell, timed_out, ran) for cell in notebook.cells if cell.cell_type == "code"}


def _record(notebook: Any, cell: Any, timed_out: list[str], ran: list[str]) -> CellRecord:
    if cell["id"] in timed_out:
        return CellRecord(cell["id"], "timed_out")
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if errors:
        found = tuple(frames(notebook, errors[0]))
        line = next((frame.line for frame in found if frame.cell == cell["id"]), None)
        return CellRecord(cell["id"], "raised", _error(cell, errors[0])[:500], line, found)
    return CellRecord(cell["id"], "ran" if cell["id"] in ran else "not_run")


def _error(cell: Any, error: Any) -> str:
    """What was raised. For a `%%bash` cell that is the whole script in quotes: its exit status and last words say more."""
    ended = re.search(r"returned non-zero exit status (\d+)\.?$", str(error.evalue))
    if error.ename != "CalledProcessError" or ended is None:
        return f"{error.ename}: {error.evalue}"
    streams = [output.text for output in cell.get("outputs", []) if output.output_type == "stream" and output.name == "stderr"]
    words = "".join(streams).strip().splitlines()[-SHOWN_LINES:]
    return f"a command in it, which ended with {ended[1]}" + (f" and said: {' | '.join(words)}" if words else "")
