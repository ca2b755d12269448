"""Runs a notebook with papermill in a sandbox's kernel and says how it ended."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from grader.errors import SandboxFailed
from grader.run.engine import ENGINE, Progress
from grader.run.evidence import CellRecord, Evidence, records
from grader.run.kernel import Kernel
from grader.spec.limits import Limits
from grader.spec.sample import Outcome

logging.getLogger("papermill").setLevel(logging.ERROR)
logging.getLogger("nbclient").setLevel(logging.CRITICAL)


def run(
    notebook: Any,
    kernel: Kernel,
    parameters: Mapping[str, Any],
    limits: Limits,
    out: Path,
    services_answer: Callable[[], None] = lambda: None,
) -> Evidence:
    """Execute `notebook` and keep the executed copy as `out`/notebook.ipynb.

    Raises SandboxFailed when the sandbox vanished through no act of the code in it, and whatever `services_answer` raises,
    which is asked when a cell took too long.
    """
    given, executed, progress = out / "submitted.ipynb", out / "notebook.ipynb", Progress()
    nbformat.write(notebook, given)
    started = time.monotonic()
    # a cell that raised is in the executed notebook; the checks decide what it costs
    with contextlib.suppress(PapermillExecutionError):
        papermill.execute_notebook(
            given, executed, parameters=dict(parameters), engine_name=ENGINE, kernel_name="python3", language="python",
            progress_bar=False, request_save_on_cell_execute=False, autosave_cell_every=0,
            kernel=kernel, limits=limits, progress=progress, services_answer=services_answer,
        )  # fmt: skip
    seconds = time.monotonic() - started
    cells = records(nbformat.read(executed, as_version=4), progress.timed_out, progress.ran)
    outcome, detail = _outcome(kernel, cells, progress, limits)
    return Evidence(outcome, detail, cells, executed, seconds)


def _outcome(kernel: Kernel, cells: Mapping[str, CellRecord], progress: Progress, limits: Limits) -> tuple[Outcome, str]:
    ended = kernel.sandbox.poll()
    if ended is not None and ended.how == "vanished":
        raise SandboxFailed(f"the sandbox was taken away while it ran: {ended.detail}")
    if ended is not None:
        return ("out_of_memory" if ended.how == "out_of_memory" else "student_error"), ended.detail
    if progress.stopped == "kernel":
        raise SandboxFailed("the connection to the sandbox's kernel was lost while it lives")
    if progress.timed_out or progress.stopped == "time":
        late = ", ".join(progress.timed_out) or "the notebook"
        return "timed_out", f"{late} ran longer than {limits.cell_seconds} s a cell or {limits.total_seconds} s in all"
    raised = [cell for cell in cells.values() if cell.status == "raised"]
    if any(cell.error.startswith("MemoryError") for cell in raised):
        return "out_of_memory", f"a cell needed more than {limits.memory_mb} MiB"
    if raised:
        where = "\n".join(f"    {frame}" for frame in raised[0].frames)
        return "student_error", "; ".join(f"cell {cell.id}: {cell.error}" for cell in raised)[:500] + (where and f"\n{where}")
    return "finished", ""
