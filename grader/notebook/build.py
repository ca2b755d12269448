"""Builds the starter and the solution notebook from a lab's source; nbgrader reads both (its cell metadata, schema 3)."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells
from traitlets.config import Config

from grader.course.tree import Lab
from grader.errors import ContentError
from grader.notebook import source

STUB = "raise NotImplementedError"
"""What stands in the starter where the solution was: honest about being unfinished, in one line."""


def solution(lab: Lab) -> nbformat.NotebookNode:
    """The author's notebook, answers in place."""
    notebook = _annotated(lab)
    for cell in source.task_cells(notebook).values():
        marks = (source.BEGIN, source.END)
        cell.source = "\n".join(line for line in cell.source.splitlines() if line.strip() not in marks)
    return _finished(notebook)


def starter(lab: Lab) -> nbformat.NotebookNode:
    """The learner's notebook: instructions and given code, a stub in place of each answer.

    Each submission is put into one, so it is built once for each state of its source, and copied.
    """
    try:
        state = (lab.source.read_bytes(), tuple((task.id, task.points) for task in lab.spec.tasks))
    except OSError:
        return _cleared(lab)  # which says what is wrong with the file
    known = _BUILT.get(lab.source)
    if known is None or known[0] != state:
        known = _BUILT[lab.source] = state, _cleared(lab)
    return copy.deepcopy(known[1])


_BUILT: dict[Path, tuple[object, nbformat.NotebookNode]] = {}


def _cleared(lab: Lab) -> nbformat.NotebookNode:
    notebook = _annotated(lab)
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}, "enforce_metadata": False}})
    notebook, _ = ClearSolutions(config=config).preprocess(notebook, {})
    return _finished(notebook)


def _annotated(lab: Lab) -> nbformat.NotebookNode:
    """The source with nbgrader's metadata: a task's text is a task cell that carries its points (graded by our checks,
    or by hand in nbgrader), its answer a solution cell, all else is locked."""
    notebook, tasks = source.read(lab.source), {task.id: task for task in lab.spec.tasks}
    for cell in notebook.cells:
        answers, describes = cell.metadata.get("task"), cell.metadata.pop("describes", None)
        cell.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": cell["id"],
            "cell_type": cell.cell_type,
            "grade": False,
            "solution": answers is not None,
            "locked": answers is None,
            "task": describes is not None,
        }
        if describes is not None:
            if describes not in tasks:
                where = f"{lab.source}:{source.line_of(lab.source, describes)}"
                raise ContentError([f"{where}: text for unknown task {describes!r} (declare it in lab.yaml)"])
            cell.metadata["nbgrader"]["points"] = tasks[describes].points
    return notebook


def _finished(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in notebook.cells:
        cell.metadata.pop("task", None)
    for preprocessor in (LockCells(), ComputeChecksums()):
        notebook, _ = preprocessor.preprocess(notebook, {})
    nbformat.validate(notebook)
    return notebook
