"""Rebuilds a submission on the author's own notebook: only the source of the solution cells is the student's.

Everything else a notebook file can hold (metadata, tags, outputs, kernelspec, cells added, moved, duplicated or
deleted) is dropped, so none of it can switch a cell off, change the kernel or forge a result. What was healed is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import nbformat

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.notebook import build
from grader.spec.limits import MAX_NOTEBOOK_BYTES


@dataclass(frozen=True)
class Rebuilt:
    """The notebook that will run, and what had to be healed to get it."""

    notebook: nbformat.NotebookNode
    flags: tuple[str, ...]


def rebuild(lab: Lab, submitted: bytes) -> Rebuilt:
    """Put the student's answers into the author's starter.

    Raises BadInput when the bytes are no notebook, or a notebook of another lab.
    """
    notebook, flags = build.starter(lab), []
    wanted = {cell["id"]: f"task {cell['id']!r}" for cell in notebook.cells if cell.metadata["nbgrader"]["solution"]}
    if not wanted:  # the lab's work is files: whatever the learner tried in the notebook is theirs
        return Rebuilt(notebook, ())
    cells = _cells(submitted)
    answers = {task: _candidates(cells, task) for task in wanted}
    if not any(answers.values()):
        raise BadInput(
            f"this notebook has none of the task cells of lab {lab.id} ({', '.join(wanted)})",
            f"hand in the notebook that `mlops start {lab.id}` made",
        )
    for cell in notebook.cells:
        if cell["id"] not in wanted:
            continue
        found = answers[cell["id"]]
        if not found:
            flags.append(f"{wanted[cell['id']]}: its cell was deleted; the starter's cell ran in its place")
            continue
        if len(found) > 1:
            flags.append(f"{wanted[cell['id']]}: {len(found)} cells claim it; the first one ran")
        cell.source = _text(found[0].get("source", ""))
    extra = sum(1 for cell in cells if cell.get("cell_type") == "code" and not _known(cell, notebook))
    if extra:
        flags.append(f"{extra} code cell(s) of your own did not run: move what a task needs into that task's cell")
    return Rebuilt(notebook, tuple(flags))


def _cells(submitted: bytes) -> list[dict[str, Any]]:
    if len(submitted) > MAX_NOTEBOOK_BYTES:
        raise BadInput(
            f"the notebook is {len(submitted) / 2**20:.1f} MiB, more than {MAX_NOTEBOOK_BYTES // 2**20} MiB",
            "clear its outputs and save it",
        )
    try:
        document = json.loads(submitted)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadInput("this file is not a notebook: it isn't JSON", "save it from Jupyter as .ipynb") from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise BadInput(
            "this JSON file is not a notebook of format 4: it has no list of cells", "save it from Jupyter as .ipynb"
        )
    return cells


def _candidates(cells: list[dict[str, Any]], task: str) -> list[dict[str, Any]]:
    """The cells that answer a task, best first: by their id, then by nbgrader's grade_id (a retyped or pasted cell
    keeps one of the two), each in the order of the notebook."""
    by_id = [cell for cell in cells if cell.get("id") == task]
    return by_id + [cell for cell in cells if cell.get("id") != task and _grade_id(cell) == task]


def _grade_id(cell: dict[str, Any]) -> Any:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None


def _known(cell: dict[str, Any], notebook: nbformat.NotebookNode) -> bool:
    """Whether the author's notebook has this cell; empty cells and the parameters that `mlops start` put in count, too."""
    ours = [ours["id"] for ours in notebook.cells]  # a list: what a submission calls an id may be no hashable thing
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    injected = isinstance(tags, list) and "injected-parameters" in tags
    empty = not _text(cell.get("source", "")).strip()
    return empty or injected or cell.get("id") in ours or _grade_id(cell) in ours


def _text(source: Any) -> str:
    """A cell's source, which the format allows to be a text or a list of lines. JSON can hold half a surrogate pair,
    which no file can: it becomes a question mark."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).encode("utf-8", "replace").decode()
