"""Reads the py:percent source of a lab or lesson.

A cell's marker may carry `id="…"` (a link target), `task="…"` (the solution cell of that task, which is its id, too),
`describes="…"` (the text of that task) and `tags=["parameters"]`. What stands between `### BEGIN SOLUTION` and
`### END SOLUTION` is the author's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from grader.errors import ContentError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKS = ("task", "describes", "tags")
CELL_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def read(path: Path) -> nbformat.NotebookNode:
    """The source as a notebook whose cells have stable ids and, for solution cells, `metadata.task`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError([f"{path}:1: this file is missing (create it)"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([f"{path}:1: can't be read: {error} (save it as UTF-8 text)"]) from None
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells, 1):
        name = str(cell.metadata.get("task") or cell.metadata.get("id") or f"cell-{number}")
        if name in taken:
            raise ContentError([f"{path}:{line_of(path, name)}: two cells are called {name!r} (give each an id of its own)"])
        if not CELL_ID.fullmatch(name):
            raise ContentError(
                [f"{path}:{line_of(path, name)}: {name!r} is no cell id (use letters, digits, - and _, at most 64)"]
            )
        taken.add(name)
        cell["id"] = name
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in MARKS if key in cell.metadata})
    return notebook


def answer_lines(text: str) -> Iterator[str]:
    """The lines between solution marks, without white space around them."""
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line in (BEGIN, END):
            inside = line == BEGIN
        elif inside:
            yield line


def line_of(path: Path, name: str) -> int:
    """The line of the last cell marker that carries this name; 1 where none does."""
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = [n for n, line in enumerate(lines, 1) if line.startswith("# %%") and f'="{name}"' in line]
    return marks[-1] if marks else 1


def task_cells(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """The solution cells by task id."""
    return {cell.metadata["task"]: cell for cell in notebook.cells if "task" in cell.metadata}
