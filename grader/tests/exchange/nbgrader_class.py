"""A class as nbgrader itself makes one: a tiny assignment, generated, handed in by two, autograded, looked at by a person."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4
from traitlets.config import Config

NAME = "ps1"
NOTEBOOK = f"{NAME}.ipynb"
BIN = str(Path(sys.executable).parent)
RIGHT, WRONG = "def square(x):\n    return x * x\n", "def square(x):\n    return x + x\n"


def _cell(kind: str, source: str, grade_id: str, **about: Any) -> Any:
    cell = (v4.new_code_cell if kind == "code" else v4.new_markdown_cell)(source)
    meta = {"schema_version": 3, "grade_id": grade_id, "grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {**meta, **about}
    return cell


def source() -> Any:
    """The teacher's notebook: a function, its test (3 points), an essay (2 points) and a drawing (1 point)."""
    solved = "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION\n"
    notebook = v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [
        _cell("code", solved, "square", solution=True),
        _cell("code", "assert square(3) == 9\n", "test-square", grade=True, locked=True, points=3),
        _cell("markdown", "Because.", "essay", grade=True, solution=True, points=2),
        _cell("markdown", "Draw it.", "drawing", task=True, locked=True, points=1),
    ]
    return notebook


def nbgrader(folder: Path) -> Any:
    """nbgrader's commands for the course, in this process: each interpreter of its own would take seconds."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(folder), "math"
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def write(folder: Path) -> Path:
    """The course with its source, before nbgrader has done anything."""
    (folder / "source" / NAME).mkdir(parents=True)
    nbformat.write(source(), folder / "source" / NAME / NOTEBOOK)
    return folder


def submit(folder: Path, student: str, answer: str, at: str) -> None:
    """What a student was given, with their answer in it."""
    notebook = nbformat.read(folder / "release" / NAME / NOTEBOOK, as_version=4)
    notebook.cells[0].source = answer
    notebook.cells[2].source = f"I think so. {student}"
    place = folder / "submitted" / student / NAME
    place.mkdir(parents=True)
    nbformat.write(notebook, place / NOTEBOOK)
    (place / "timestamp.txt").write_text(at, encoding="utf-8")


def make(folder: Path) -> Path:
    """All of it. Ann's answer is right; bob's is wrong, and two days late by his own extension of a day."""
    write(folder)
    with pytest.MonkeyPatch.context() as patch, book(folder, patch) as opened:
        for student, first, last in (("ann", "Ann", "Able"), ("bob", "Bob", "")):
            opened.add_student(student, first_name=first, last_name=last, email=f"{student}@x.org")
        opened.add_assignment(NAME, duedate="2026-03-01 12:00:00 UTC", course_id="math")
    program = nbgrader(folder)
    done = [program.generate_assignment(NAME)]
    submit(folder, "ann", RIGHT, "2026-02-27 10:00:00 UTC")
    submit(folder, "bob", WRONG, "2026-03-04 10:00:00 UTC")
    done += [program.autograde(NAME, student) for student in ("ann", "bob")]
    assert [one["success"] for one in done] == [True] * 3, done
    with book(folder) as opened:
        opened.grant_extension(NAME, "bob", days=1)
    return folder


def book(folder: Path, patch: pytest.MonkeyPatch | None = None) -> Any:
    """nbgrader's gradebook of the course. To make a new one, nbgrader runs `alembic`: `patch` lets it be found."""
    from nbgrader.api import Gradebook

    if patch is not None:
        patch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "math")


def look_at(folder: Path, student: str, essay: float, extra: float, penalty: float, words: str) -> None:
    """What a person does in nbgrader's formgrader."""
    with book(folder) as opened:
        grade = opened.find_grade("essay", NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = essay, False
        opened.find_grade("test-square", NAME, NAME, student).extra_credit = extra
        opened.find_submission_notebook(NAME, NAME, student).late_submission_penalty = penalty
        opened.find_comment("essay", NAME, NAME, student).manual_comment = words
        opened.db.commit()
