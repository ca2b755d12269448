"""The folder in which a learner works on a lab: outside the content tree, never overwritten without a backup."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.learner import bundle

WORK_VARIABLE = "MLOPS_WORK"
LESSONS = "lessons"
"""Inside the folder: the notebooks to read and whatever they write, apart from the learner's own work; a kernel's name."""
PRIVATE = ".mlops"
"""Inside the folder: the kernel's description, which holds the credentials of the learner's own namespace."""

INJECTED = "injected-parameters"
"""The tag of papermill, and the id, of the cell that holds this machine's parameters."""

BROKEN = (ValueError, RecursionError, AttributeError, KeyError, TypeError, nbformat.ValidationError)
"""What nbformat raises for a file that is not, or no longer, a notebook."""


def folder_of(lab: Lab) -> Path:
    """`$MLOPS_WORK`/<lab>, by default below ~/mlops-labs."""
    return Path(os.environ.get(WORK_VARIABLE) or Path.home() / "mlops-labs").expanduser() / lab.id


def create(course: Course, lab: Lab, folder: Path, parameters: Mapping[str, Any]) -> bool:
    """Make the folder if there is none, as a git repository where git is there. Returns whether it was made.

    In a folder that exists only the injected parameters are brought up to date: addresses change, work doesn't.
    """
    notebook = folder / bundle.notebook_name(lab)
    made = not notebook.exists()
    if made:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in bundle.files(course, lab, "starter").items():
            (folder / name).write_bytes(content)
        (folder / LESSONS).mkdir(exist_ok=True)
        for name, content in bundle.lessons(course, lab, LESSONS).items():
            (folder / LESSONS / name).write_bytes(content)
        (folder / ".gitignore").write_text(f"{PRIVATE}/\n{LESSONS}/\n.ipynb_checkpoints/\n", encoding="utf-8")
        _commit(folder, f"Start lab {lab.id}")
    _inject(notebook, {**parameters, "seed": 7, "commit": _head(folder)})
    if made:
        _commit(folder, "Put in this machine's addresses")
    return made


def read(lab: Lab, folder: Path) -> bytes:
    """The learner's notebook. Raises BadInput when the lab wasn't started here."""
    notebook = folder / bundle.notebook_name(lab)
    if not notebook.exists():
        raise BadInput(f"there is no {notebook}", f"start the lab first: mlops start {lab.id[:2]}")
    return notebook.read_bytes()


def reset(course: Course, lab: Lab, folder: Path, task: str | None) -> Path:
    """Put the starter back (one task's cell, or the whole notebook); returns the backup that was made before."""
    notebook = folder / bundle.notebook_name(lab)
    current = read(lab, folder)
    backup = folder / PRIVATE / "backups" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06d}.ipynb"
    fresh = bundle.files(course, lab, "starter")[notebook.name]
    if task is not None:
        fresh = _with_task_reset(lab, current, fresh, task)
    backup.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(notebook, backup)
    _replace(notebook, fresh)
    return backup


def write_kernel(folder: Path, name: str, python: Path, variables: Mapping[str, str]) -> Path:
    """Describe a kernel to Jupyter under this name: its environment's Python, with the services' addresses and the
    learner's own credentials in its variables. Returns the folder for JUPYTER_PATH."""
    place = folder / PRIVATE / "jupyter" / "kernels" / name
    place.mkdir(parents=True, exist_ok=True)
    (folder / PRIVATE).chmod(0o700)
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Lessons" if name == LESSONS else "Python 3 (ipykernel)",
        "language": "python",
        "env": {**variables, "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])},
    }
    file = place / "kernel.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(spec, indent=1), encoding="utf-8")
    return folder / PRIVATE / "jupyter"


def _with_task_reset(lab: Lab, current: bytes, fresh: bytes, task: str) -> bytes:
    if task not in {t.id for t in lab.spec.tasks}:
        raise BadInput(f"lab {lab.id} has no task {task!r}", f"its tasks: {', '.join(t.id for t in lab.spec.tasks)}")
    whole = f"reset the whole lab: mlops reset {lab.id[:2]}"
    wanted = next(cell.source for cell in _parsed(fresh).cells if cell["id"] == task)
    try:
        notebook = _parsed(current)
        cell = next((cell for cell in notebook.cells if cell.get("id") == task), None)
        if cell is None:
            raise BadInput(f"the notebook has no cell {task!r} any more", whole)
        cell.cell_type, cell.source, cell.outputs, cell.execution_count = "code", wanted, [], None
        return _bytes(notebook)
    except BROKEN:
        raise BadInput(f"your notebook of lab {lab.id} is not a notebook any more", whole) from None


def _inject(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Put the parameters into a cell after the one tagged `parameters`, as papermill does; the one there before goes."""
    text = "# Parameters\n" + "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(text, id=INJECTED, metadata={"tags": [INJECTED]})
    try:
        current = _parsed(notebook.read_bytes())
        cells = [c for c in current.cells if INJECTED not in c.metadata.get("tags", [])]
        at = next((number for number, c in enumerate(cells, 1) if "parameters" in c.metadata.get("tags", [])), 0)
        current.cells = [*cells[:at], cell, *cells[at:]]
        content = _bytes(current)
    except BROKEN:
        raise BadInput(f"{notebook} is not a notebook any more", "restore it from a backup, or move it away") from None
    _replace(notebook, content)


def _parsed(content: bytes) -> nbformat.NotebookNode:
    """The notebook in format 4; raises one of BROKEN for what a crash, a merge or an editor left of it."""
    return nbformat.reads(content.decode(), as_version=4)


def _bytes(notebook: nbformat.NotebookNode) -> bytes:
    text: str = nbformat.writes(notebook) + "\n"
    return text.encode("utf-8", "replace")


def _replace(file: Path, content: bytes) -> None:
    """Put the content there in one step, so that a crash leaves the one or the other."""
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.replace(file.resolve())


def _commit(folder: Path, message: str) -> None:
    if shutil.which("git") is None:
        return
    who = ["-c", "user.name=Learner", "-c", "user.email=learner@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", message]):
        subprocess.run(["git", "-C", str(folder), *command], check=False, capture_output=True)


def _head(folder: Path) -> str:
    if shutil.which("git") is None:
        return "0" * 40
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0" * 40
