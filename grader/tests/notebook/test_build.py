"""Starter and solution: what each holds and lacks, and that nbgrader and Jupyter read both."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from grader.course.tree import Course, Lab
from grader.errors import ContentError
from grader.notebook import build, source
from grader.tests import small_course

KINDS = [build.starter, build.solution]
Build = Callable[[Lab], Any]


def cell(notebook: Any, name: str) -> Any:
    """The cell of this id."""
    return next(c for c in notebook.cells if c["id"] == name)


def answers(lab: Lab) -> list[str]:
    """Every line of the author's that stands in a solution region."""
    lines, inside = [], False
    for line in lab.source.read_text(encoding="utf-8").splitlines():
        if line.strip() in (source.BEGIN, source.END):
            inside = line.strip() == source.BEGIN
        elif inside and line.strip():
            lines.append(line)
    return lines


def test_starter_holds_no_answer(lab04: Lab) -> None:
    """No line of a solution region is left in the starter, and no mark of one."""
    starter = nbformat.writes(build.starter(lab04))
    lines = [line for c in build.starter(lab04).cells for line in c.source.splitlines()]
    assert [line for line in answers(lab04) if line in lines] == []
    assert "SOLUTION" not in starter


def test_solution_holds_every_answer(lab04: Lab) -> None:
    """Every line of a solution region is in the solution, and no mark of one."""
    solution = build.solution(lab04)
    lines = [line for c in solution.cells for line in c.source.splitlines()]
    assert [line for line in answers(lab04) if line not in lines] == []
    assert "SOLUTION" not in nbformat.writes(solution)


def test_stub_stands_where_the_answer_was(small_lab: Lab) -> None:
    """A task's cell keeps its signature and docstring, and is honest about being unfinished."""
    assert cell(build.starter(small_lab), "add").source == 'def add(a, b):\n    """The sum."""\n    raise NotImplementedError'
    assert cell(build.solution(small_lab), "add").source == 'def add(a, b):\n    """The sum."""\n    return a + b'


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_cell_compiles(lab04: Lab, kind: Build) -> None:
    """What is handed out is Python, stubs included."""
    for c in kind(lab04).cells:
        if c.cell_type == "code":
            ast.parse(c.source)


def test_given_code_is_the_same_in_both(lab04: Lab) -> None:
    """Starter and solution differ in the tasks' cells only."""
    tasks = {task.id for task in lab04.spec.tasks}
    starter, solution = (
        {c["id"]: c.source for c in kind(lab04).cells if c["id"] not in tasks} for kind in (build.starter, build.solution)
    )
    assert starter == solution


def test_nbgrader_metadata_is_whole(small_lab: Lab) -> None:
    """Texts of tasks are nbgrader's task cells with their points, answers are its solution cells, all else is locked."""
    marks = {"schema_version": 3, "grade": False}
    locked = {**marks, "solution": False, "locked": True, "task": False}
    answer = {**marks, "solution": True, "locked": False, "task": False, "cell_type": "code"}
    found = {c["id"]: dict(c.metadata["nbgrader"]) for c in build.starter(small_lab).cells}
    checksums = [metadata.pop("checksum") for metadata in found.values()]
    assert found == {
        "intro": {**locked, "grade_id": "intro", "cell_type": "markdown"},
        "parameters": {**locked, "grade_id": "parameters", "cell_type": "code"},
        "task-1": {**locked, "grade_id": "task-1", "cell_type": "markdown", "task": True, "points": 60.0},
        "add": {**answer, "grade_id": "add"},
        "task-2": {**locked, "grade_id": "task-2", "cell_type": "markdown", "task": True, "points": 40.0},
        "mean": {**answer, "grade_id": "mean"},
        "show": {**locked, "grade_id": "show", "cell_type": "code"},
    }
    assert [len(checksum) for checksum in checksums] == [32] * 7


def test_cells_hold_no_metadata_of_ours(small_lab: Lab) -> None:
    """Besides nbgrader's metadata there is papermill's tag and what keeps given cells from being edited: nothing else."""
    found = {c["id"]: {k: v for k, v in c.metadata.items() if k != "nbgrader"} for c in build.starter(small_lab).cells}
    given = {"deletable": False, "editable": False}
    assert found == {
        "intro": given, "parameters": {**given, "tags": ["parameters"]}, "task-1": given, "add": {"deletable": False},
        "task-2": given, "mean": {"deletable": False}, "show": given,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_points_of_the_task_cells_are_the_labs(lab04: Lab, kind: Build) -> None:
    """nbgrader sees the very points of lab.yaml."""
    points = [c.metadata["nbgrader"].get("points") for c in kind(lab04).cells if c.metadata["nbgrader"]["task"]]
    assert points == [task.points for task in lab04.spec.tasks]


@pytest.mark.parametrize("kind", KINDS)
def test_jupyter_and_nbgrader_accept_it(lab04: Lab, kind: Build) -> None:
    """nbformat's schema and nbgrader's own validator of its metadata both pass, after a trip through a file."""
    notebook = nbformat.reads(nbformat.writes(kind(lab04)), as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    for c in notebook.cells:
        MetadataValidator().validate_cell(c)


@pytest.mark.parametrize("kind", KINDS)
def test_two_builds_are_the_same_bytes(lab04: Lab, kind: Build) -> None:
    """Nothing of a build is drawn or dated: cell ids are the source's own."""
    assert nbformat.writes(kind(lab04)).encode() == nbformat.writes(kind(lab04)).encode()


def test_kernel_is_the_one_that_a_sandbox_has(lab04: Lab) -> None:
    """The notebook asks for `python3`, in the newest minor version that has cell ids."""
    notebook = build.starter(lab04)
    assert (notebook.nbformat, notebook.nbformat_minor, dict(notebook.metadata)) == (
        4,
        5,
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
            "language_info": {"name": "python"},
        },
    )


SOURCE_FAULTS = {
    "missing": (None, None, "lab.py:1: this file is missing (create it)"),
    "id-twice": ('id="show"', 'id="intro"', "lab.py:29: two cells are called 'intro' (give each an id of its own)"),
    "task-twice": ('task="mean"', 'task="add"', "lab.py:21: two cells are called 'add' (give each an id of its own)"),
    "id-with-a-space": (
        'id="show"', 'id="show it"', "lab.py:29: 'show it' is no cell id (use letters, digits, - and _, at most 64)",
    ),
    "text-of-an-unknown-task": (
        'describes="mean"', 'describes="median"', "lab.py:18: text for unknown task 'median' (declare it in lab.yaml)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), SOURCE_FAULTS.values(), ids=SOURCE_FAULTS)
def test_source_that_makes_no_notebook(small: Course, small_lab: Lab, old: str | None, new: str | None, message: str) -> None:
    """A source that would make a broken notebook is refused with its line."""
    if old is None or new is None:
        small_lab.source.unlink()
    else:
        small_course.edit(small, small_course.LAB_PY, old, new)
    with pytest.raises(ContentError) as error:
        build.starter(small_lab)
    assert error.value.problems == [f"{small_lab.folder}/{message}"]


def test_task_cell_is_called_as_its_task(small: Course, small_lab: Lab) -> None:
    """A task's cell has the task's id, whatever other id its marker carries: a submission is matched by it."""
    small_course.edit(small, small_course.LAB_PY, '# %% task="add"', '# %% id="other" task="add"')
    assert [c["id"] for c in build.starter(small_lab).cells][3] == "add"


def test_cell_without_a_mark_is_called_by_its_place(small: Course, small_lab: Lab) -> None:
    """A cell that needs no name gets a stable one."""
    small_course.edit(small, small_course.LAB_PY, '# %% id="show"', "# %%")
    assert build.starter(small_lab).cells[-1]["id"] == "cell-7"


def test_a_starter_is_the_caller_s_own_and_follows_its_source(small: Course) -> None:
    """What somebody writes into one is in no other; an author who edits the source has the new text at once."""
    lab = small.lab(small_course.LAB)
    first = build.starter(lab)
    text = nbformat.writes(first)
    cell(first, "show").source = "mine"
    cell(first, "show").metadata["nbgrader"]["locked"] = False
    assert nbformat.writes(build.starter(lab)) == text
    small_course.edit(small, small_course.LAB_PY, '# %% id="show"', '# %% id="shown"')
    assert [c["id"] for c in build.starter(lab).cells if c["id"].startswith("show")] == ["shown"]
