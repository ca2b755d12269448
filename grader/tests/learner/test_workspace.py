"""A learner's folder: made once, brought up to date without touching the work, reset with a backup, and private."""

from __future__ import annotations

import json
import random
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.learner import bundle, workspace
from grader.learner.place import folder_of
from grader.notebook.rebuild import rebuild

NAME = "01-adding.ipynb"
STUB = 'def add(a, b):\n    """The sum."""\n    raise NotImplementedError'
WRITTEN = "def add(a, b):\n    return b + a"


@pytest.fixture
def folder(small: Course, small_lab: Lab, tmp_path: Path) -> Path:
    """A folder in which the small lab was started."""
    place = tmp_path / "work" / small_lab.id
    assert workspace.create(small, small_lab, place, {"uri": "http://one"})
    return place


def notebook(folder: Path) -> Any:
    """The learner's notebook."""
    return nbformat.read(folder / NAME, as_version=4)


def cell(folder: Path, name: str) -> Any:
    """The cell of this id."""
    return next(c for c in notebook(folder).cells if c["id"] == name)


def write_answer(folder: Path, source: str = WRITTEN) -> bytes:
    """Write an answer into the cell of task `add`, as a learner does; returns the file's bytes."""
    changed = notebook(folder)
    answer = next(c for c in changed.cells if c["id"] == "add")
    answer.source, answer.execution_count = source, 3
    answer.outputs = [nbformat.v4.new_output("stream", text="hello")]
    nbformat.write(changed, folder / NAME)
    return (folder / NAME).read_bytes()


def injected(folder: Path) -> list[str]:
    """The sources of the cells with parameters from outside."""
    return [c.source for c in notebook(folder).cells if "injected-parameters" in c.metadata.get("tags", [])]


def head(folder: Path, back: int = 0) -> str:
    """The commit that the folder is at, or the one so many before."""
    command = ["git", "-C", str(folder), "rev-parse", f"HEAD~{back}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_new_folder(small: Course, small_lab: Lab, folder: Path) -> None:
    """It holds the starter, lessons, data, and a git repository: the starter's commit, then this machine's parameters."""
    assert sorted(f.name for f in folder.iterdir()) == [".git", NAME, "lessons", "numbers.csv"]
    assert injected(folder) == [f"# Parameters\nuri = 'http://one'\nseed = 7\ncommit = '{head(folder, 1)}'"]
    assert cell(folder, "add").source == STUB
    assert (folder / "numbers.csv").read_bytes() == bundle.files(small, small_lab, "starter")["numbers.csv"]


def test_private_folder_stays_out_of_git(folder: Path) -> None:
    """Credentials and backups are never committed."""
    workspace.write_kernel(folder, "python3", Path("/venv/bin/python"), {"KEY": "s3cret"})
    done = subprocess.run(["git", "-C", str(folder), "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if ".mlops" in line] == []


def test_starting_again_keeps_the_work(small: Course, small_lab: Lab, folder: Path) -> None:
    """In a folder that exists only the parameters change: answers, outputs and other files stay."""
    write_answer(folder)
    (folder / "numbers.csv").write_text("mine", encoding="utf-8")
    before = [c for c in notebook(folder).cells if "injected-parameters" not in c.metadata.get("tags", [])]
    assert not workspace.create(small, small_lab, folder, {"uri": "http://two"})
    after = [c for c in notebook(folder).cells if "injected-parameters" not in c.metadata.get("tags", [])]
    assert (after, (folder / "numbers.csv").read_text(encoding="utf-8")) == (before, "mine")
    assert injected(folder) == [f"# Parameters\nuri = 'http://two'\nseed = 7\ncommit = '{head(folder)}'"]


def test_what_start_puts_in_is_no_cell_of_the_learners(small_lab: Lab, folder: Path) -> None:
    """The started notebook, handed in as it is, is rebuilt without a flag."""
    assert rebuild(small_lab, workspace.read(small_lab, folder)).flags == ()


def test_lab_that_was_not_started(small_lab: Lab, tmp_path: Path) -> None:
    """Reading what was never started says how to start."""
    with pytest.raises(BadInput) as error:
        workspace.read(small_lab, tmp_path)
    assert str(error.value) == f"there is no {tmp_path / NAME} (start the lab first: mlops start 01)"


def test_reset_of_everything(small: Course, small_lab: Lab, folder: Path) -> None:
    """The starter is back; the learner's version is in the backup, byte by byte."""
    mine = write_answer(folder)
    backup = workspace.reset(small, small_lab, folder, None)
    assert (backup / NAME).read_bytes() == mine
    assert (folder / NAME).read_bytes() == bundle.files(small, small_lab, "starter")[NAME]


def test_reset_of_one_task(small: Course, small_lab: Lab, folder: Path) -> None:
    """Only the task's cell is the starter's again, without its output; the rest stays."""
    mine = write_answer(folder)
    others = [c for c in notebook(folder).cells if c["id"] != "add"]
    backup = workspace.reset(small, small_lab, folder, "add")
    reset = cell(folder, "add")
    assert (reset.source, reset.outputs, reset.execution_count) == (STUB, [], None)
    assert [c for c in notebook(folder).cells if c["id"] != "add"] == others
    assert (backup / NAME).read_bytes() == mine


def test_backup_undoes_a_reset(small: Course, small_lab: Lab, folder: Path) -> None:
    """Putting the backup back is the way back; the reset in between has its own backup."""
    mine = write_answer(folder)
    first = workspace.reset(small, small_lab, folder, None)
    (folder / NAME).write_bytes((first / NAME).read_bytes())
    second = workspace.reset(small, small_lab, folder, "add")
    assert ((first / NAME).read_bytes(), (second / NAME).read_bytes(), first != second) == (mine, mine, True)


def test_reset_of_an_unknown_task(small: Course, small_lab: Lab, folder: Path) -> None:
    """A task that isn't there is refused; nothing was written."""
    mine = write_answer(folder)
    with pytest.raises(BadInput) as error:
        workspace.reset(small, small_lab, folder, "sub")
    assert str(error.value) == "lab 01-adding has no task 'sub' (its tasks: add, mean)"
    assert ((folder / NAME).read_bytes(), (folder / ".mlops").exists()) == (mine, False)


def test_reset_of_a_deleted_cell(small: Course, small_lab: Lab, folder: Path) -> None:
    """A cell that is gone can't be reset alone: the message says what can."""
    changed = notebook(folder)
    changed.cells = [c for c in changed.cells if c["id"] != "add"]
    nbformat.write(changed, folder / NAME)
    with pytest.raises(BadInput) as error:
        workspace.reset(small, small_lab, folder, "add")
    assert str(error.value) == "the notebook has no cell 'add' any more (reset the whole lab: mlops reset 01)"


def test_reset_heals_a_cell_that_became_text(small: Course, small_lab: Lab, folder: Path) -> None:
    """A task's cell that was turned into markdown is a code cell again."""
    changed = notebook(folder)
    answer = next(c for c in changed.cells if c["id"] == "add")
    answer.cell_type = "markdown"
    del answer["outputs"], answer["execution_count"]
    nbformat.write(changed, folder / NAME)
    workspace.reset(small, small_lab, folder, "add")
    nbformat.validate(notebook(folder))
    assert (cell(folder, "add").cell_type, cell(folder, "add").source) == ("code", STUB)


BROKEN: dict[str, bytes] = {
    "empty": b"", "half": b'{"cells": [', "conflict": b"<<<<<<< HEAD\n{}\n", "list": b"[]", "number": b"5", "object": b"{}",
    "no-utf-8": b"\xff\xfe\x00", "cells-a-number": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 5}',
    "cells-of-numbers": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [5]}',
    "cells-missing": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "version-a-text": b'{"nbformat": "4", "metadata": {}, "cells": []}', "version-99": b'{"nbformat": 99, "cells": []}',
    "deep": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_notebook_is_left_as_it_is(small: Course, small_lab: Lab, folder: Path, content: bytes) -> None:
    """Starting, or resetting one task, over a file that is no notebook any more says so and loses nothing."""
    (folder / NAME).write_bytes(content)
    with pytest.raises(BadInput) as error:
        workspace.create(small, small_lab, folder, {"uri": "http://two"})
    assert str(error.value) == (f"{folder / NAME} is not a notebook any more (restore it from a backup, or move it away)")
    with pytest.raises(BadInput):
        workspace.reset(small, small_lab, folder, "add")
    assert (folder / NAME).read_bytes() == content


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_reset_gets_out_of_a_broken_notebook(small: Course, small_lab: Lab, folder: Path, content: bytes) -> None:
    """A reset of everything works whatever the file holds, and keeps that, too."""
    (folder / NAME).write_bytes(content)
    backup = workspace.reset(small, small_lab, folder, None)
    assert ((backup / NAME).read_bytes(), cell(folder, "add").source) == (content, STUB)


def test_damaged_notebook_is_never_lost(small: Course, small_lab: Lab, folder: Path) -> None:
    """Whatever bytes are damaged, starting again either brings the notebook up to date or leaves every byte."""
    rng = random.Random(1)
    whole = write_answer(folder)
    for _ in range(60):
        spoiled = bytearray(whole)
        at = rng.randrange(len(spoiled))
        spoiled[at : at + rng.randrange(20)] = rng.randbytes(rng.randrange(4))
        (folder / NAME).write_bytes(bytes(spoiled))
        try:
            workspace.create(small, small_lab, folder, {"uri": "http://two"})
        except BadInput:
            assert (folder / NAME).read_bytes() == bytes(spoiled)
        else:
            assert injected(folder)[0].startswith("# Parameters\nuri = 'http://two'\n")
    assert sorted(f.name for f in folder.iterdir()) == [".git", NAME, "lessons", "numbers.csv"]


def test_output_that_no_file_can_hold(small: Course, small_lab: Lab, folder: Path) -> None:
    """Half a surrogate pair, which JSON can hold and UTF-8 can't, costs that character and not the notebook."""
    document = json.loads(write_answer(folder))
    document["cells"].append({"cell_type": "markdown", "id": "x", "metadata": {}, "source": "a\ud800b"})
    (folder / NAME).write_text(json.dumps(document), encoding="utf-8")
    workspace.create(small, small_lab, folder, {"uri": "http://two"})
    assert (cell(folder, "x").source, cell(folder, "add").source) == ("a?b", WRITTEN)


def test_linked_notebook_stays_a_link(small: Course, small_lab: Lab, folder: Path, tmp_path: Path) -> None:
    """A notebook that the learner keeps elsewhere is written there."""
    elsewhere = (folder / NAME).rename(tmp_path / "elsewhere.ipynb")
    (folder / NAME).symlink_to(elsewhere)
    workspace.create(small, small_lab, folder, {"uri": "http://two"})
    assert (folder / NAME).is_symlink()
    assert "uri = 'http://two'" in elsewhere.read_text(encoding="utf-8")


def test_kernel_is_private(folder: Path) -> None:
    """The kernel's description holds credentials: its file is the owner's to read, its folder the owner's to enter."""
    jupyter = workspace.write_kernel(folder, "python3", Path("/venv/bin/python"), {"AWS_SECRET_ACCESS_KEY": "s3cret"})
    file = jupyter / "kernels" / "python3" / "kernel.json"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE((folder / ".mlops").stat().st_mode)) == (0o600, 0o700)


def test_kernel_stays_private_after_a_reset(small: Course, small_lab: Lab, folder: Path) -> None:
    """A backup made first doesn't leave the folder open, and writing the kernel again doesn't open its file."""
    workspace.reset(small, small_lab, folder, None)
    for _ in range(2):
        jupyter = workspace.write_kernel(folder, "python3", Path("/venv/bin/python"), {"KEY": "s3cret"})
    file = jupyter / "kernels" / "python3" / "kernel.json"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE((folder / ".mlops").stat().st_mode)) == (0o600, 0o700)


def test_kernel_is_described_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter finds the lab's own Python, its variables, and the environment's commands first in PATH."""
    monkeypatch.setenv("PATH", "/usr/bin")
    variables, commands = {"MLFLOW_TRACKING_URI": "http://one"}, {"MLOPS_HOME": "/home/me"}
    jupyter = workspace.write_kernel(folder, "python3", Path("/venv/bin/python"), variables, commands)
    magic = f"--IPKernelApp.exec_lines=__import__('sys').path.append('{folder / '.mlops' / 'magic'}')"
    assert json.loads((jupyter / "kernels" / "python3" / "kernel.json").read_text(encoding="utf-8")) == {
        "argv": ["/venv/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}", magic],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "env": {
            "MLFLOW_TRACKING_URI": "http://one", "MLOPS_HOME": "/home/me", "MLOPS_PYTHON": sys.executable,
            "MLOPS_LEASED": "MLFLOW_TRACKING_URI", "PATH": "/venv/bin:/usr/bin",
        },
    }  # fmt: skip
    assert workspace.kernel_variables(folder)["MLOPS_HOME"] == "/home/me"
    assert workspace.kernel_variables(folder, "another") == {}


def test_sources_are_those_of_the_tasks(small_lab: Lab, folder: Path) -> None:
    """By the task's id, as they stand in the file; a file that is no notebook has none."""
    found = workspace.sources(small_lab, write_answer(folder))
    assert (found["add"], sorted(found)) == (WRITTEN, ["add", "mean"])
    assert workspace.sources(small_lab, b"{") == {}


def test_kernel_finds_the_magic_and_no_check(folder: Path) -> None:
    """On the kernel's search path lies a package `grader` of one module: nothing else of ours can be imported by accident."""
    workspace.write_kernel(folder, "python3", Path("/venv/bin/python"), {})
    found = {p.relative_to(folder / ".mlops" / "magic").as_posix() for p in (folder / ".mlops" / "magic").rglob("*.py")}
    assert found == {"grader/__init__.py", "grader/magic.py"}


def test_folder_of_a_lab(small_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Labs lie below `MLOPS_WORK`, by default below ~/mlops-labs."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MLOPS_WORK", raising=False)
    assert folder_of(small_lab) == tmp_path / "mlops-labs" / "01-adding"
    monkeypatch.setenv("MLOPS_WORK", "~/elsewhere")
    assert folder_of(small_lab) == tmp_path / "elsewhere" / "01-adding"
