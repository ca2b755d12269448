"""A hostile submission and the verdict it must get, as one small file: `cases/<theme>/<name>.yaml`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import nbformat
from pydantic import Field

from grader.course.tree import Course, Lab
from grader.grading.submission import Submission
from grader.notebook import build
from grader.spec.base import Part, Sentence, Slug
from grader.spec.limits import Limits
from grader.spec.loader import load
from grader.spec.sample import Outcome

FOLDER = Path(__file__).parent / "cases"
LIGHT = ("best-run", "holes")
"""Tasks that train nothing: a submission that answers only these is graded in half the time."""
ONE_RUN = """\
def sweep(path, grid, seed):
    with mlflow.start_run():
        mlflow.log_metric("auc", 0.5)
"""
"""Stands for the sweep there, so that the cells after it have a run to look at."""
Points = dict[Slug, Annotated[float, Field(ge=0)]]


class Edit(Part):
    """What the student wrote into a task's cell, around the base's answer or instead of it."""

    before: str = ""
    after: str = ""
    instead: str | None = None

    def applied(self, source: str) -> str:
        """The cell's source with this edit."""
        body = source if self.instead is None else self.instead
        return "\n\n".join(text for text in (self.before, body, self.after) if text)


class CaseSpec(Part):
    """`@token@` in a source becomes a text that no other run has, by which what a run leaves behind is found."""

    schema_: Literal[1] = Field(1, alias="schema")
    why: Sentence
    backends: tuple[Literal["docker", "local"], ...] = ("docker", "local")
    base: Literal["light", "solution", "starter"] = "light"
    quick: bool = False
    """Whether the lab's imports are left out, so that limits of a few seconds hit the student's code alone."""
    limits: dict[str, float] = {}
    cells: dict[Slug, Edit]
    outcome: Outcome | tuple[Outcome, ...] = "finished"
    detail: str = ""
    """A text that the result's detail must hold."""
    earns: Points | None = None
    """Points by check; every other check earns 0. Without `earns` and `fails`: what the base earns."""
    fails: Points | None = None
    """Points by check; every other check earns what the base earns."""
    found: dict[Slug, str] = {}
    """Texts that a check's finding must hold."""
    loot: str | None = None
    """What the case must have written about what it reached; without it, anything that holds no secret."""
    seconds: float = 90
    """The whole grading may take this long."""


class Case:
    """A case of this name."""

    def __init__(self, name: str, spec: CaseSpec) -> None:
        self.name, self.spec = name, spec

    def limited(self, lab: Lab) -> Lab:
        """The lab under the case's own limits."""
        limits = Limits.model_validate(lab.spec.limits.model_dump() | self.spec.limits)
        return Lab(lab.spec.model_copy(update={"limits": limits}), lab.folder)

    def submission(self, lab: Lab, token: str = "") -> Submission:
        """What the hostile student hands in."""
        notebook = base(lab, self.spec.base)
        cells = {cell["id"]: cell for cell in notebook.cells}
        for task, edit in self.spec.cells.items():
            cells[task].source = edit.applied(cells[task].source).replace("@token@", token)
        return sealed(self.name, notebook)

    def points(self, lab: Lab) -> dict[str, float]:
        """What each check must earn."""
        if self.spec.earns is not None:
            return dict.fromkeys(full(lab), 0.0) | self.spec.earns
        return full(lab, self.spec.base) | (self.spec.fails or {})


def all_cases() -> list[Case]:
    """The cases on disk, by theme and name."""
    files = sorted(FOLDER.glob("*/*.yaml"))
    return [Case(f"{file.parent.name}/{file.stem}", load(file, CaseSpec)) for file in files]


def without_imports(course: Course, lab: Lab, root: Path) -> tuple[Course, Lab]:
    """The course with a copy of the lab that imports nothing that takes seconds: for cases that end, or hang, before it
    matters. Everything but that copy is linked."""
    (root / "labs").mkdir(parents=True)
    for original in (*course.root.iterdir(), *lab.folder.parent.iterdir()):
        link = root / original.relative_to(course.root)
        if original not in (lab.folder, lab.folder.parent) and not original.name.startswith("."):
            link.symlink_to(original)
    shutil.copytree(lab.folder, root / "labs" / lab.id)
    lines = lab.source.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not re.match(r"(import|from) (mlflow|pandas|sklearn)", line)]
    (root / "labs" / lab.id / "lab.py").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return Course(root), Lab(lab.spec, root / "labs" / lab.id)


def base(lab: Lab, kind: str) -> Any:
    """The solution, the starter, or the starter with the answers of the light tasks."""
    solved, notebook = build.solution(lab), build.starter(lab)
    if kind == "solution":
        return solved
    if kind == "starter":
        return notebook
    answers = {cell["id"]: cell.source for cell in solved.cells if cell["id"] in LIGHT} | {"sweep": ONE_RUN}
    for cell in notebook.cells:
        cell.source = answers.get(cell["id"], cell.source)
    return notebook


def full(lab: Lab, kind: str = "starter") -> dict[str, float]:
    """What each check earns for an untouched base."""
    solved = {"solution": [task.id for task in lab.spec.tasks], "light": LIGHT, "starter": ()}[kind]
    return {check.id: check.points if task.id in solved else 0.0 for task in lab.spec.tasks for check in task.checks}


def sealed(name: str, notebook: Any) -> Submission:
    """A notebook as handed in."""
    return Submission(name, None, nbformat.writes(notebook).encode())
