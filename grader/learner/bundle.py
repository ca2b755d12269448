"""A lab's folder as a learner gets it (starter) or would hand it in (solution)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import nbformat

from grader.course import data
from grader.course.tree import Course, Lab
from grader.notebook import build, source
from grader.work import author, repository

Kind = Literal["starter", "solution"]


def notebook_name(lab: Lab) -> str:
    """The notebook's file name, by which a submission is recognised."""
    return f"{lab.id}.ipynb"


def files(course: Course, lab: Lab, kind: str) -> dict[str, bytes]:
    """The files by path: the notebook, the work's files, those that the author gives, and the visible data."""
    solved = kind == "solution"
    notebook = build.solution(lab) if solved else build.starter(lab)
    work = author.solution(lab) if solved else author.starter(lab)
    visible = {d.file: data.visible(course, d) for d in lab.spec.data}
    return {notebook_name(lab): nbformat.writes(notebook).encode()} | work | author.given(lab) | visible


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
    """Write the files, and the repository where the work has one, replacing what stands there under the same names."""
    work = author.solution(lab) if kind == "solution" else author.starter(lab)
    history = None if kind == "solution" else repository.first_commit(lab)
    put(folder, files(course, lab, kind) | repository.of(lab, work, history))


def put(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write files by path below `folder`."""
    for name, written in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(written)
