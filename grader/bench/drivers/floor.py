"""The floor: each notebook's code cells and nothing else, in a fork of an interpreter that has imported all they import.

`floor.py FILES SOLUTION JOBS`: the folder to run in, the notebook that shows what to import, and how many run side by side.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from grader.bench.drivers.loop import Mark, mark, serve


class Floor:
    """See `loop.Grader`. It judges nothing."""

    def __init__(self, files: Path, solution: Path, jobs: int) -> None:
        os.chdir(files)
        self._jobs = jobs
        for name in _imported(solution):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        gc.freeze()
        self._cells = 0.0
        self._counting = threading.Lock()

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """Run each one's cells; a cell that raises ends itself alone."""
        with ThreadPoolExecutor(self._jobs) as at_once:
            return dict(zip(submissions, at_once.map(self._run, submissions), strict=True))

    def cpu(self) -> dict[str, float]:
        """Of the children that ran cells."""
        return {"sandboxes": self._cells}

    def close(self) -> None:
        """Nothing is left."""

    def _run(self, folder: str) -> Mark:
        cells = _code(next(Path(folder).rglob("*.ipynb")))
        child = os.fork()
        if child == 0:
            _in_child(cells)
        _, _, used = os.wait4(child, 0)
        seconds = used.ru_utime + used.ru_stime
        with self._counting:
            self._cells += seconds
        return mark(None, "not judged", {"cells": seconds})


def _imported(solution: Path) -> list[str]:
    """The modules that a run of the solution leaves in `sys.modules`."""
    cells = _code(solution)
    inner, outer = os.pipe()
    child = os.fork()
    if child == 0:
        _execute(cells)
        os.write(outer, "\n".join(list(sys.modules)).encode())
        os._exit(0)
    os.close(outer)
    with os.fdopen(inner) as pipe:
        names = pipe.read().split("\n")
    os.waitpid(child, 0)
    return names


def _code(notebook: Path) -> list[Any]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _in_child(cells: list[str]) -> None:
    try:
        _execute(cells)
    finally:
        os._exit(0)


def _execute(cells: list[str]) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        with contextlib.suppress(Exception):
            exec(compile(cell, "<cell>", "exec"), names)


if __name__ == "__main__":
    serve(lambda: Floor(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
