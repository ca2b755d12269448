"""The folder in which a learner works on a lab: outside the content tree, never overwritten without a backup."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from grader.course.parts import LESSONS
from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.learner import bundle
from grader.notebook import build
from grader.work import author
from grader.work.selection import GIT, Selection

PRIVATE = ".mlops"
"""Inside the folder: the kernel's description, which holds the credentials of the learner's own namespace."""

INJECTED = "injected-parameters"
"""The tag of papermill, and the id, of the cell that holds this machine's parameters."""

BROKEN = (ValueError, RecursionError, AttributeError, KeyError, TypeError, nbformat.ValidationError)
"""What nbformat raises for a file that is not, or no longer, a notebook."""


def create(course: Course, lab: Lab, folder: Path, parameters: Mapping[str, Any]) -> bool:
    """Make the folder if there is none, as a git repository where git is there. Returns whether it was made.

    In a folder that exists only the injected parameters are brought up to date: addresses change, work doesn't.
    """
    notebook = folder / bundle.notebook_name(lab)
    made = not notebook.exists()
    if made:
        folder.mkdir(parents=True, exist_ok=True)
        bundle.put(folder, bundle.files(course, lab, "starter"))
        bundle.put(folder / LESSONS, bundle.lessons(course, lab, LESSONS))
        _init(lab, folder, [notebook.name] if _is_repository(lab) else [])
        # what the author gives besides is the learner's to keep out of the history, or not
        _commit(folder, f"Start lab {lab.id}", *(sorted(author.starter(lab)) if _is_repository(lab) else ["-A"]))
    _inject(notebook, {**parameters, "seed": 7, "commit": _head(folder)})
    if made and not _is_repository(lab):
        _commit(folder, "Put in this machine's addresses", "-A")
    return made


def read(lab: Lab, folder: Path) -> bytes:
    """The learner's notebook. Raises BadInput when the lab wasn't started here."""
    notebook = folder / bundle.notebook_name(lab)
    if not notebook.exists():
        raise BadInput(f"there is no {notebook}", f"start the lab first: mlops start {lab.id[:2]}")
    return notebook.read_bytes()


def sources(lab: Lab, notebook: bytes) -> dict[str, str]:
    """The source of each task's cell, by the task's id; none for what is no notebook any more."""
    tasks = {task.id for task in lab.spec.tasks}
    try:
        return {cell["id"]: cell.source for cell in _parsed(notebook).cells if cell.get("id") in tasks}
    except BROKEN:
        return {}


def reset(course: Course, lab: Lab, folder: Path, task: str | None) -> Path:
    """Put the starter back: the cell and the files of one task, or the notebook and all files of the work. The git
    repository stays as it is. Returns the folder with the backup that was made before."""
    starter, current = bundle.files(course, lab, "starter"), read(lab, folder)
    whole = bundle.notebook_name(lab)
    fresh = {path: starter.get(path) for path in _reset_files(lab, folder, task)}
    if task is None:
        fresh[whole] = starter[whole]
    elif not lab.task(task).files:
        fresh[whole] = _with_cell(lab, current, task, _cell(lab, _notebook(lab, starter[whole]), task).source)
    return put_back(folder, fresh)


def undo(folder: Path, backup: Path) -> Path:
    """Put back what a reset replaced; returns the backup of what stood there until now. Raises BadInput when it is gone."""
    if not backup.is_dir():
        raise BadInput(f"the backup {backup} is no longer there", "nothing was changed")
    kept = sorted(file for file in backup.rglob("*") if file.is_file())
    return put_back(folder, {file.relative_to(backup).as_posix(): file.read_bytes() for file in kept})


def put_back(folder: Path, content: Mapping[str, bytes | None]) -> Path:
    """Replace files, or remove those without content, after a backup of what stood there; returns the backup's folder."""
    backup = folder / PRIVATE / "backups" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06d}"
    backup.mkdir(parents=True)
    bundle.put(backup, {path: (folder / path).read_bytes() for path in content if (folder / path).exists()})
    for path, written in content.items():
        if written is None:
            (folder / path).unlink(missing_ok=True)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            _replace(folder / path, written)
    return backup


def _reset_files(lab: Lab, folder: Path, task: str | None) -> list[str]:
    """The files that a reset replaces, or removes where the starter has none of that name."""
    if task is not None:
        if task not in {t.id for t in lab.spec.tasks}:
            raise BadInput(f"lab {lab.id} has no task {task!r}", f"its tasks: {', '.join(t.id for t in lab.spec.tasks)}")
        return list(lab.task(task).files)
    if lab.spec.work is None:
        return []
    own = Selection(lab.spec.work).read(folder)
    return sorted({path for path in own if not path.startswith(f"{GIT}/")} | set(author.starter(lab)))


def write_kernel(
    folder: Path, name: str, python: Path, variables: Mapping[str, str], commands: Mapping[str, str] | None = None
) -> Path:
    """Describe a kernel to Jupyter under this name: its environment's Python, with the services' addresses and the
    learner's own credentials in its variables. `%load_ext grader.magic` works in it; the commands that the magics run
    get the variables `commands` and none of the credentials. Returns the folder for JUPYTER_PATH."""
    place = folder / PRIVATE / "jupyter" / "kernels" / name
    place.mkdir(parents=True, exist_ok=True)
    (folder / PRIVATE).chmod(0o700)
    magic = [f"--IPKernelApp.exec_lines=__import__('sys').path.append({str(_write_magic(folder))!r})"]
    ours = {**(commands or {}), "MLOPS_PYTHON": sys.executable, "MLOPS_LEASED": " ".join(sorted(variables))}
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}", *magic],
        "display_name": "Lessons" if name == LESSONS else "Python 3 (ipykernel)",
        "language": "python",
        "env": {**variables, **ours, "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])},
    }
    file = _kernel(folder, name)
    file.touch(mode=0o600)
    file.write_text(json.dumps(spec, indent=1), encoding="utf-8")
    return folder / PRIVATE / "jupyter"


def kernel_variables(folder: Path, name: str = "python3") -> dict[str, str]:
    """The variables of the kernel that `write_kernel` described; none where there is no such kernel."""
    try:
        return dict(json.loads(_kernel(folder, name).read_text(encoding="utf-8"))["env"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _kernel(folder: Path, name: str) -> Path:
    return folder / PRIVATE / "jupyter" / "kernels" / name / "kernel.json"


def _write_magic(folder: Path) -> Path:
    """A folder for the kernel's search path that holds the package `grader` with its one module `magic` and nothing else:
    the kernel's environment has no grader, and a learner's code is to find no check."""
    place = folder / PRIVATE / "magic"
    source = Path(__file__).resolve().parents[1] / "magic.py"
    bundle.put(place, {"grader/__init__.py": b"", "grader/magic.py": source.read_bytes()})
    return place


def cell(lab: Lab, folder: Path, task: str) -> str:
    """The source of a task's cell as it stands in the learner's notebook. Raises BadInput where there is none any more."""
    return str(_cell(lab, _notebook(lab, read(lab, folder)), task).source)


def write_body(course: Course, lab: Lab, folder: Path, task: str, lines: Sequence[str]) -> Path:
    """Put these lines where the task's starter cell says that something is to be written; returns the backup's folder."""
    whole = bundle.notebook_name(lab)
    starter = _cell(lab, _notebook(lab, bundle.files(course, lab, "starter")[whole]), task).source
    head, _, tail = starter.partition(build.STUB)
    body = f"\n{' ' * (len(head) - len(head.rstrip(' ')))}".join(lines)
    return put_back(folder, {whole: _with_cell(lab, read(lab, folder), task, f"{head}{body}{tail}")})


def _with_cell(lab: Lab, current: bytes, task: str, source: str) -> bytes:
    """The notebook with this source in the task's cell."""
    notebook = _notebook(lab, current)
    changed = _cell(lab, notebook, task)
    changed.cell_type, changed.source, changed.outputs, changed.execution_count = "code", source, [], None
    try:
        return _bytes(notebook)
    except BROKEN:
        raise _no_notebook(lab) from None


def _notebook(lab: Lab, content: bytes) -> nbformat.NotebookNode:
    try:
        return _parsed(content)
    except BROKEN:
        raise _no_notebook(lab) from None


def _cell(lab: Lab, notebook: nbformat.NotebookNode, task: str) -> nbformat.NotebookNode:
    try:
        found = next((cell for cell in notebook.cells if cell.get("id") == task), None)
    except BROKEN:
        raise _no_notebook(lab) from None
    if found is None:
        raise BadInput(f"the notebook has no cell {task!r} any more", _whole(lab))
    return found


def _no_notebook(lab: Lab) -> BadInput:
    return BadInput(f"your notebook of lab {lab.id} is not a notebook any more", _whole(lab))


def _whole(lab: Lab) -> str:
    return f"reset the whole lab: mlops reset {lab.id[:2]}"


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
    new = file.with_name(f"{file.name}.new")
    new.write_bytes(content)
    new.replace(file.resolve())


def _is_repository(lab: Lab) -> bool:
    """Whether the repository is part of what is handed in."""
    return lab.spec.work is not None and lab.spec.work.repository


def _init(lab: Lab, folder: Path, excluded: Sequence[str]) -> None:
    """Make a repository that doesn't see what is ours; the `.gitignore` is the learner's."""
    if shutil.which("git") is None:
        if _is_repository(lab):
            raise BadInput(f"lab {lab.id} is done in a git repository, and there is no git on this machine", "install git")
        return
    _git(folder, "init", "-q", "-b", "main")
    lines = [f"{PRIVATE}/", f"{LESSONS}/", ".ipynb_checkpoints/", *(f"/{name}" for name in excluded)]
    exclude = folder / ".git" / "info" / "exclude"
    exclude.parent.mkdir(parents=True, exist_ok=True)
    exclude.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _commit(folder: Path, message: str, *what: str) -> None:
    if shutil.which("git") is not None:
        _git(folder, "add", *what)
        _git(folder, "-c", "user.name=Course", "-c", "user.email=course@localhost", "commit", "-q", "-m", message)


def _git(folder: Path, *command: str) -> None:
    subprocess.run(["git", "-C", str(folder), *command], check=False, capture_output=True)


def _head(folder: Path) -> str:
    if shutil.which("git") is None:
        return "0" * 40
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0" * 40
