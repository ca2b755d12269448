"""What a run left behind, before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.run.traceback import Frame, frames
from grader.spec.sample import Outcome


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
        return CellRecord(cell["id"], "raised", f"{errors[0].ename}: {errors[0].evalue}"[:500], line, found)
    return CellRecord(cell["id"], "ran" if cell["id"] in ran else "not_run")
