"""The magics in the lab's own kernel, as Jupyter starts it: what they show as HTML and as text, and what they can't reach."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from grader.course.tree import Lab
from grader.tests.jupyter.conftest import LAB, SECONDS
from grader.tests.path.conftest import Command
from grader.tests.path.test_command import solve

pytestmark = pytest.mark.services
Cell = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def cell(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """Runs a cell in the kernel of the learner's folder, with the magics loaded; returns what it showed, in order."""
    specs = KernelSpecManager(kernel_dirs=[str(folder / ".mlops" / "jupyter" / "kernels")])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=SECONDS)

    def run(source: str) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        client.execute_interactive(source, timeout=SECONDS, output_hook=lambda message: shown.append(message["content"]))
        return shown

    loading = run("%load_ext grader.magic")
    assert [one for one in loading if "execution_state" not in one] == [
        {"code": "%load_ext grader.magic", "execution_count": 1}
    ]
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def page(shown: list[dict[str, Any]]) -> tuple[str, str]:
    """The last thing that was displayed: as text, and as HTML without its tags."""
    data = [one["data"] for one in shown if "data" in one][-1]
    assert set(data) == {"text/plain", "text/html"}
    return data["text/plain"], re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", data["text/html"])).strip()


def test_check_shows_the_result(cell: Cell, fresh: Path) -> None:
    """The score, each check with a word beside its mark, what the first one expected and found, and which state was checked."""
    text, marked = page(cell("%check"))
    assert text.splitlines()[0] == f"{LAB}: finished, 0 of 100 points"
    assert re.search(r"\nparameters +tracked-run +· not run +0/10\n", text)
    assert "\n· not run: parameters\n" in text
    assert re.search("\n    found +.*NotImplementedError", text)
    assert re.search(rf"\nChecked {LAB}.ipynb as it was saved at \d\d:\d\d:\d\d\. If you changed it\ssince: ", text)
    assert [word for word in text.split() if html.escape(word) not in marked] == []
    assert len(re.findall("\n(?:· not run|✗ failed): ", page(cell("%check --all"))[0])) == 10


def test_hint_goes_on(cell: Cell, fresh: Path) -> None:
    """One tier further each time; for a check of one's choice; an unknown one is refused in a sentence."""
    first, second = page(cell("%hint best-run"))[0], page(cell("%hint best-run"))[0]
    assert (first.splitlines()[0][:16], second.splitlines()[0][:16]) == ("best-run, hint 1", "best-run, hint 2")
    assert page(cell("%hint nonsense"))[0].startswith(f"! lab {LAB} has no check 'nonsense' (its checks: parameters,")


def test_quiz_question_by_question(cell: Cell) -> None:
    """The question that waits, an answer to it and why, then the next one; braces and dollars of an answer stay as typed."""
    assert page(cell("%quiz --new"))[0].startswith("Question 1 of 12\n")
    assert page(cell("%quiz {zebra} $x"))[0].startswith("! there is no letter '{' here (a to d)")
    assert re.match("(✓ Right|✗ Wrong): you answered b\n", page(cell("%quiz b"))[0])
    assert page(cell("%quiz b"))[0].startswith("Question 2 of 12\n")
    assert page(cell("%quiz --skip"))[0].startswith("Question 3 of 12\n")


def test_the_kernel_has_the_magic_and_nothing_else_of_ours(cell: Cell) -> None:
    """No check and no grading can be imported there, no name is left behind, and a process that is started inherits no path."""
    assert [one["ename"] for one in cell("import grader.checks") if "ename" in one] == ["ModuleNotFoundError"]
    shown = cell(
        "import os; sorted(name for name in globals() if name in ('sys', 'grader', 'magic')), os.environ.get('PYTHONPATH')"
    )
    assert [one["data"]["text/plain"] for one in shown if "data" in one] == ["([], None)"]


def test_a_magic_in_the_cell_of_a_task_does_nothing_there(learner: Command, fresh: Path, lab04: Lab) -> None:
    """A sandbox has no magics: the one left in a solved task's cell neither runs a check inside the check nor costs a point."""
    solve(fresh / f"{LAB}.ipynb", lab04, ["tracked-run"])
    notebook = nbformat.read(fresh / f"{LAB}.ipynb", as_version=4)
    next(one for one in notebook.cells if one["id"] == "tracked-run").source += "\n%check"
    nbformat.write(notebook, fresh / f"{LAB}.ipynb")
    done = json.loads(learner("check", "--json").stdout)
    assert (done["outcome"], done["earned"], done["flags"]) == ("finished", 50, [])
