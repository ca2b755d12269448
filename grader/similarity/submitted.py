"""What of a submission is compared, and what of it the lab gave: code cells and Python files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from grader.course.tree import Lab
from grader.grading.submission import Submission
from grader.notebook import build
from grader.result import printable
from grader.similarity.code import Code, Part, read
from grader.similarity.fingerprint import grams
from grader.work import author

PYTHON = ".py"


def code_of(submission: Submission) -> Code:
    """All Python of a submission, cells of the student's own included. Nothing of what is no notebook and no text."""
    return read([*_cells(submission.notebook), *_files(submission.files)])


def given(lab: Lab) -> frozenset[int]:
    """The k-grams of what everybody begins with: the starter's cells, the work's files, and those that every run gets."""
    cells = [Part(cell["id"], cell.source) for cell in build.starter(lab).cells if cell.cell_type == "code"]
    code = read([*cells, *_files(author.starter(lab)), *_files(author.given(lab))])
    return frozenset(gram.hash for gram in grams(code))


def _cells(notebook: bytes) -> Iterator[Part]:
    try:
        found = json.loads(notebook)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for number, cell in enumerate(found if isinstance(found, list) else (), 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            name = cell.get("id")
            yield Part(f"cell {printable(name)[:80] if isinstance(name, str) else number}", _text(cell.get("source")))


def _files(files: Mapping[str, bytes]) -> Iterator[Part]:
    for path, content in sorted(files.items()):
        if path.endswith(PYTHON):
            yield Part(printable(path), printable(content.decode("utf-8", "replace")))


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return printable("".join(line for line in lines if isinstance(line, str)))
