"""The author's files of a lab's work, and the learner's starter made from them as the notebook's is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

from grader.course.tree import Lab
from grader.notebook.build import STUB
from grader.notebook.source import BEGIN, END

CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"}
"""What tools leave beside the author's files."""


def solution(lab: Lab) -> dict[str, bytes]:
    """The files that are handed in by path, answers in place."""
    return _merged(lab.begins_with) | {name: _without_marks(content) for name, content in _below(lab.work).items()}


def starter(lab: Lab) -> dict[str, bytes]:
    """What the learner begins with: a stub in place of each answer in Python, nothing in place of it in any other file.
    A file that is all answer is not there. Where the work stands on earlier work, that is what there is."""
    if lab.begins_with:
        return _merged(lab.begins_with)
    cleared = {name: _cleared(name, content) for name, content in _below(lab.work).items()}
    return {name: content for name, content in cleared.items() if content.strip()}


def given(lab: Lab) -> dict[str, bytes]:
    """The files that every run gets as they are."""
    return _below(lab.given)


def _merged(folders: Iterable[Path]) -> dict[str, bytes]:
    """The files of all folders; of two with one name, the later folder's."""
    return {name: content for folder in folders for name, content in _below(folder).items()}


def _below(folder: Path) -> dict[str, bytes]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not CACHES & set(file.parts))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _without_marks(content: bytes) -> bytes:
    if BEGIN.encode() not in content:
        return content
    lines = content.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in (BEGIN, END)).encode()


def _cleared(name: str, content: bytes) -> bytes:
    if BEGIN.encode() not in content:
        return content
    text = content.decode()
    if not name.endswith(".py") or _all_answer(text):
        return "".join(_outside(text.splitlines(keepends=True))).encode()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)])
    notebook.metadata["language_info"] = {"name": "python"}
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}, "enforce_metadata": False}})
    notebook, _ = ClearSolutions(config=config).preprocess(notebook, {})
    return f"{notebook.cells[0].source.rstrip()}\n".encode()


def _outside(lines: Iterable[str]) -> Iterator[str]:
    """The lines that stand between no marks."""
    answer = False
    for line in lines:
        if line.strip() in (BEGIN, END):
            answer = line.strip() == BEGIN
        elif not answer:
            yield line


def _all_answer(text: str) -> bool:
    """Whether nothing but blank lines is left without the answers."""
    return not "".join(_outside(text.splitlines())).strip()
