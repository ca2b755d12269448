"""Only the source of the task cells is taken from a notebook, whatever else was done to the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from grader.course.tree import Lab
from grader.notebook.rebuild import rebuild
from grader.tests.hostile.arena import Arena
from grader.tests.hostile.case import base, full, sealed

CLAIM = "{!r}: 2 cells claim it; the first one ran"
Edit = Callable[[Any], None]


def _cell(notebook: Any, name: str) -> Any:
    return next(cell for cell in notebook.cells if cell["id"] == name)


def tag_everything(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell", "injected-parameters", "parameters"]
        cell.metadata |= {"papermill": {"exception": False, "status": "completed"}, "deletable": True, "editable": False}
        cell.metadata["nbgrader"] = {"grade": True, "points": 100, "solution": False, "grade_id": "x", "schema_version": 3}


def another_kernel(notebook: Any) -> None:
    notebook.metadata = {
        "kernelspec": {"name": "evil", "display_name": "Evil", "language": "bash"},
        "language_info": {"name": "bash", "version": "../../x"},
        "papermill": {"output_path": "/tmp/x", "parameters": {"seed": 1}},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": 7}},
    }


def retype(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell["id"] in ("best-run", "holes", "given"):
            cell["cell_type"] = "raw"
            cell.pop("outputs", None), cell.pop("execution_count", None)


def move(notebook: Any) -> None:
    notebook.cells.reverse()


def forge_outputs(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="passed 100/100")]
            cell.execution_count = 1


def own_given_cells(notebook: Any) -> None:
    for name in ("given", "connect", "grid", "run-best"):
        _cell(notebook, name).source = "raise SystemExit('my own version of your cell')"


def own_parameters(notebook: Any) -> None:
    _cell(notebook, "parameters").source = "tracking_uri, experiment, bucket, seed, commit = 'file:/tmp/x', 'x', 'x', 1, 'x'"


HARMLESS: dict[str, Edit] = {edit.__name__: edit for edit in (
    tag_everything, another_kernel, retype, move, forge_outputs, own_given_cells, own_parameters,
)}  # fmt: skip


def _rebuilt(lab: Lab, edit: Edit) -> tuple[Any, tuple[str, ...]]:
    notebook = base(lab, "light")
    edit(notebook)
    rebuilt = rebuild(lab, nbformat.writes(notebook).encode())
    return rebuilt.notebook, rebuilt.flags


@pytest.mark.parametrize("name", HARMLESS)
def test_what_surrounds_the_source_changes_nothing(name: str, lab04: Lab) -> None:
    """Tags, kernelspec, outputs, cell types, order and the author's own cells are the author's again, without a word."""
    honest, _ = _rebuilt(lab04, lambda notebook: None)
    assert _rebuilt(lab04, HARMLESS[name]) == (honest, ())


def test_deleted_cells_run_as_in_the_starter(lab04: Lab) -> None:
    """A task cell that is missing is the starter's, and the given cells are back; both are said."""

    def delete(notebook: Any) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell["id"] not in ("given", "holes", "connect")]

    notebook, flags = _rebuilt(lab04, delete)
    assert (notebook.cells[2:4], _cell(notebook, "holes")) == (
        base(lab04, "starter").cells[2:4],
        _cell(base(lab04, "starter"), "holes"),
    )
    assert flags == ("task 'holes': its cell was deleted; the starter's cell ran in its place",)


def test_of_two_cells_the_first_runs(lab04: Lab) -> None:
    """A cell that claims another's id, by either name, doesn't replace it; a cell of one's own isn't run."""

    def duplicate(notebook: Any) -> None:
        twin = nbformat.v4.new_code_cell("raise SystemExit('the twin')", id="other")
        twin.metadata = {"nbgrader": {"grade_id": "best-run"}}
        notebook.cells.insert(0, twin)
        notebook.cells.append(nbformat.v4.new_code_cell("raise SystemExit('my own')", id="own"))

    notebook, flags = _rebuilt(lab04, duplicate)
    assert notebook == _rebuilt(lab04, lambda _: None)[0]
    assert flags == (
        "task 'best-run': 2 cells claim it; the first one ran",
        "1 code cell(s) of your own did not run: move what a task needs into that task's cell",
    )


@pytest.mark.services
@pytest.mark.docker
def test_all_of_it_at_once_is_graded_as_the_honest_one(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """The notebook with everything done to it earns what its sources earn."""
    notebook = base(lab04, "light")
    for edit in HARMLESS.values():
        edit(notebook)
    got = arenas("docker").grade(lab04, sealed("all-edits", notebook), "all-edits")
    earned = {check.id: check.earned for check in got.result.checks}
    assert (got.result.outcome, earned, got.result.flags, got.leftovers) == ("finished", full(lab04, "light"), (), [])
