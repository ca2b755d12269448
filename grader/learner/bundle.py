"""A lab's folder as a learner gets it (starter) or would hand it in (solution)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import nbformat

from grader.course import data
from grader.course.tree import Course, Lab
from grader.notebook import build

Kind = Literal["starter", "solution"]


def notebook_name(lab: Lab) -> str:
    """The notebook's file name, by which a submission is recognised."""
    return f"{lab.id}.ipynb"


def files(course: Course, lab: Lab, kind: str, parameters: dict[str, Any] | None = None) -> dict[str, bytes]:
    """The files by name: the notebook (with `parameters` put in as papermill does) and the visible data."""
    notebook = build.solution(lab) if kind == "solution" else build.starter(lab)
    if parameters:
        from papermill.parameterize import parameterize_notebook

        notebook = parameterize_notebook(notebook, parameters, kernel_name="python3", language="python")
    content = {notebook_name(lab): nbformat.writes(notebook).encode()}
    return content | {d.file: data.visible(course, d) for d in lab.spec.data}


def write(course: Course, lab: Lab, kind: Kind, folder: Path) -> None:
    """Write the files, replacing what stands there under the same names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(course, lab, kind).items():
        (folder / name).write_bytes(content)
