"""Only the source of a task's cell is the student's; whatever else a submission holds is healed, and said."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.notebook import build
from grader.notebook.rebuild import rebuild
from grader.spec.limits import MAX_NOTEBOOK_BYTES

Notebook = dict[str, Any]
ADD = 'def add(a, b):\n    """The sum."""\n    return a + b'
DELETED = "task 'add': its cell was deleted; the starter's cell ran in its place"
TWICE = "task 'add': 2 cells claim it; the first one ran"
EXTRA = "{} code cell(s) of your own did not run: move what a task needs into that task's cell"


@pytest.fixture
def handed_in(small_lab: Lab) -> Notebook:
    """The solution as a student's file holds it."""
    document: Notebook = json.loads(nbformat.writes(build.solution(small_lab)))
    return document


def sources(notebook: Any) -> list[tuple[str, str, str]]:
    """What runs: id, type and source of each cell."""
    return [(c["id"], c["cell_type"], "".join(c["source"])) for c in notebook["cells"]]


def find(notebook: Notebook, name: str) -> dict[str, Any]:
    """The cell of this id."""
    cell: dict[str, Any] = next(c for c in notebook["cells"] if c["id"] == name)
    return cell


def code(text: str, **more: Any) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": 1, "source": text, **more}


def test_round_trip_of_the_real_lab(lab04: Lab) -> None:
    """The solution, handed in, runs as the solution; nothing had to be healed."""
    solution = build.solution(lab04)
    rebuilt = rebuild(lab04, nbformat.writes(solution).encode())
    assert (sources(rebuilt.notebook), rebuilt.flags) == (sources(solution), ())


def test_untouched_starter(lab04: Lab) -> None:
    """The starter, handed in, runs as the starter."""
    starter = build.starter(lab04)
    rebuilt = rebuild(lab04, nbformat.writes(starter).encode())
    assert (nbformat.writes(rebuilt.notebook), rebuilt.flags) == (nbformat.writes(starter), ())


def _duplicated(n: Notebook) -> None:
    n["cells"].append({**copy.deepcopy(find(n, "add")), "id": "copy", "source": "raise SystemExit"})


def _same_id_twice(n: Notebook) -> None:
    n["cells"].append({**copy.deepcopy(find(n, "add")), "source": "raise SystemExit"})


def _new_id(n: Notebook) -> None:
    find(n, "add")["id"] = "b2c3"


def _retagged(n: Notebook) -> None:
    find(n, "add")["metadata"] = {
        "tags": ["skip-execution", "remove-cell"], "nbgrader": {"grade_id": "add", "grade": True, "points": 1_000},
        "papermill": {"status": "completed"},
    }  # fmt: skip


def _retyped(kind: str) -> Callable[[Notebook], None]:
    def change(n: Notebook) -> None:
        find(n, "add")["cell_type"] = kind

    return change


def _lines(n: Notebook) -> None:
    find(n, "add")["source"] = ADD.splitlines(keepends=True)


def _outputs(n: Notebook) -> None:
    find(n, "add")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "100/100"}]
    find(n, "add")["execution_count"] = 7


def _injected(n: Notebook) -> None:
    n["cells"].insert(2, code("seed = 8", metadata={"tags": ["injected-parameters"]}))


def _given_code_changed(n: Notebook) -> None:
    find(n, "show")["source"] = "print('all tests passed')"


def _kernelspec(n: Notebook) -> None:
    n["metadata"] = {"kernelspec": {"name": "bash", "display_name": "x", "language": "bash"}, "papermill": {"x": 1}}


HEALED: dict[str, tuple[Callable[[Notebook], Any], tuple[str, ...]]] = {
    "nothing": (lambda n: None, ()),
    "moved": (lambda n: n["cells"].reverse(), ()),
    "duplicated": (_duplicated, (TWICE,)),
    "same-id-twice": (_same_id_twice, (TWICE,)),
    "new-id-but-nbgrader-metadata": (_new_id, ()),
    "no-metadata-but-id": (lambda n: find(n, "add").pop("metadata"), ()),
    "retagged": (_retagged, ()),
    "retyped-to-markdown": (_retyped("markdown"), ()),
    "retyped-to-raw": (_retyped("raw"), ()),
    "source-as-list": (_lines, ()),
    "outputs-forged": (_outputs, ()),
    "kernelspec-changed": (_kernelspec, ()),
    "no-notebook-metadata": (lambda n: n.pop("metadata"), ()),
    "given-code-changed": (_given_code_changed, ()),
    "given-cell-deleted": (lambda n: n["cells"].remove(find(n, "show")), ()),
    "parameters-injected": (_injected, ()),
    "own-text-added": (lambda n: n["cells"].append({**code("notes"), "cell_type": "markdown"}), ()),
    "own-empty-cell-added": (lambda n: n["cells"].append(code(" \n")), ()),
    "own-code-added": (lambda n: n["cells"].insert(0, code("import os; os._exit(0)")), (EXTRA.format(1),)),
    "two-own-cells-added": (lambda n: n["cells"].extend([code("1"), code("2", id="own-2")]), (EXTRA.format(2),)),
}


@pytest.mark.parametrize(("change", "flags"), HEALED.values(), ids=HEALED)
def test_healed(small_lab: Lab, handed_in: Notebook, change: Callable[[Notebook], Any], flags: tuple[str, ...]) -> None:
    """Whatever was done to the file around the answers, the author's notebook with the answers runs."""
    change(handed_in)
    rebuilt = rebuild(small_lab, json.dumps(handed_in).encode())
    solution = build.solution(small_lab)
    assert sources(rebuilt.notebook) == sources(solution)
    assert rebuilt.flags == flags
    starter = build.starter(small_lab)
    assert [c.metadata for c in rebuilt.notebook.cells] == [c.metadata for c in starter.cells]
    assert [c.get("outputs") for c in rebuilt.notebook.cells] == [c.get("outputs") for c in starter.cells]
    assert rebuilt.notebook.metadata == starter.metadata
    nbformat.validate(rebuilt.notebook)


def test_deleted_cell_is_the_starters_again(small_lab: Lab, handed_in: Notebook) -> None:
    """A task whose cell is gone is unwritten, and that is said; the other answers stay."""
    handed_in["cells"].remove(find(handed_in, "add"))
    rebuilt = rebuild(small_lab, json.dumps(handed_in).encode())
    wanted = {name: (kind, text) for name, kind, text in sources(build.solution(small_lab))}
    wanted["add"] = ("code", find(build.starter(small_lab), "add")["source"])
    assert {name: (kind, text) for name, kind, text in sources(rebuilt.notebook)} == wanted
    assert rebuilt.flags == (DELETED,)


ODD_SOURCES: dict[str, tuple[Any, str]] = {
    "number": (5, ""),
    "nothing": (None, ""),
    "object": ({"a": 1}, ""),
    "list-of-anything": (["a = 1\n", 5, None, ["x"], "b = 2"], "a = 1\nb = 2"),
    "half-a-surrogate-pair": ("x = '\ud800'", "x = '?'"),
    "with-a-null": ("a\x00b", "a\x00b"),
}


@pytest.mark.parametrize(("given", "ran"), ODD_SOURCES.values(), ids=ODD_SOURCES)
def test_source_that_is_no_text(small_lab: Lab, handed_in: Notebook, given: Any, ran: str) -> None:
    """What runs is a text that a file can hold, whatever stood there."""
    find(handed_in, "add")["source"] = given
    rebuilt = rebuild(small_lab, json.dumps(handed_in).encode())
    assert find(rebuilt.notebook, "add")["source"] == ran
    nbformat.writes(rebuilt.notebook).encode()


NO_NOTEBOOK = "this file is not a notebook: it isn't JSON (save it from Jupyter as .ipynb)"
NO_CELLS = "this JSON file is not a notebook of format 4: it has no list of cells (save it from Jupyter as .ipynb)"
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", NO_NOTEBOOK),
    "python": (b"print(1)", NO_NOTEBOOK),
    "half-a-file": (b'{"cells": [', NO_NOTEBOOK),
    "pickle": (b"\x80\x04\x95\x00", NO_NOTEBOOK),
    "utf-16-garbage": (b"\xff\xfe\x00", NO_NOTEBOOK),
    "deep-list": (b"[" * 100_000, NO_NOTEBOOK),
    "deep-object": (b'{"cells":' * 100_000, NO_NOTEBOOK),
    "number-of-5000-digits": (b'{"cells": ' + b"9" * 5_000 + b"}", NO_NOTEBOOK),
    "number": (b"5", NO_CELLS),
    "null": (b"null", NO_CELLS),
    "list": (b"[]", NO_CELLS),
    "object-without-cells": (b"{}", NO_CELLS),
    "format-3": (b'{"nbformat": 3, "worksheets": [{"cells": []}]}', NO_CELLS),
    "cells-an-object": (b'{"cells": {"id": "add"}}', NO_CELLS),
    "cells-of-numbers": (b'{"cells": [1, 2]}', NO_CELLS),
    "cells-of-lists": (b'{"cells": [[]]}', NO_CELLS),
    "11-mib": (
        b'{"cells": []}' + b" " * 11 * 2**20,
        "the notebook is 11.0 MiB, more than 10 MiB (clear its outputs and save it)",
    ),
    "no-cells": (
        b'{"cells": []}',
        "this notebook has none of the task cells of lab 01-adding (add, mean) "
        "(hand in the notebook that `mlops start 01-adding` made)",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_bytes_that_are_no_notebook(small_lab: Lab, content: bytes, message: str) -> None:
    """What is no notebook of this lab is refused with what to do next."""
    with pytest.raises(BadInput) as error:
        rebuild(small_lab, content)
    assert str(error.value) == message


def test_notebook_of_another_lab(small_lab: Lab, lab04: Lab) -> None:
    """A notebook of another lab is refused, not graded as an empty one."""
    with pytest.raises(BadInput) as error:
        rebuild(small_lab, nbformat.writes(build.solution(lab04)).encode())
    assert str(error.value) == BAD["no-cells"][1]


def test_largest_notebook_that_is_taken(small_lab: Lab, handed_in: Notebook) -> None:
    """10 MiB to the byte are still read."""
    content = json.dumps(handed_in).encode()
    rebuilt = rebuild(small_lab, content + b" " * (MAX_NOTEBOOK_BYTES - len(content)))
    assert sources(rebuilt.notebook) == sources(build.solution(small_lab))


def test_rebuilding_changes_nothing_of_the_lab(small: Course, handed_in: Notebook) -> None:
    """A submission leaves no trace in the next one's notebook."""
    lab = small.lab("1")
    find(handed_in, "add")["source"] = "raise SystemExit"
    rebuild(lab, json.dumps(handed_in).encode())
    assert sources(build.starter(lab))[3][2] == 'def add(a, b):\n    """The sum."""\n    raise NotImplementedError'
