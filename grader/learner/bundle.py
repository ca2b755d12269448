"""A lab's folder as a learner gets it (starter) or would hand it in (solution)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import nbformat

from grader.course import data
from grader.course.tree import Course, Lab
from grader.notebook import build, source

Kind = Literal["starter", "solution"]


def notebook_name(lab: Lab) -> str:
    """The notebook's file name, by which a submission is recognised."""
    return f"{lab.id}.ipynb"


def files(course: Course, lab: Lab, kind: str) -> dict[str, bytes]:
    """The files by name: the notebook and the visible data."""
    notebook = build.solution(lab) if kind == "solution" else build.starter(lab)
    return {notebook_name(lab): nbformat.writes(notebook).encode()} | {d.file: data.visible(course, d) for d in lab.spec.data}


def lessons(course: Course, lab: Lab, kernel: str) -> dict[str, bytes]:
    """The notebooks to read before the lab and the data they use, by file name. They open with the kernel so called."""
    module = course.module(lab.spec.module)
    content = {d.file: data.visible(course, d) for d in module.spec.data}
    for stem in module.spec.lessons:
        notebook = source.read(module.lesson(stem))
        notebook.metadata.kernelspec.update(name=kernel, display_name="Lessons")
        content[f"{stem}.ipynb"] = nbformat.writes(notebook).encode()
    return content


def write(course: Course, lab: Lab, kind: Kind, folder: Path) -> None:
    """Write the files, replacing what stands there under the same names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(course, lab, kind).items():
        (folder / name).write_bytes(content)
