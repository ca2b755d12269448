"""What the course holds, counted: a row a module, and the versions of what each environment pins."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course.tree import Course, Module
from grader.notebook import source
from grader.spec.drill import DrillSpec
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec

_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_CODE = re.compile(r"```.*?```|\]\([^)]*\)|<!--.*?-->", re.DOTALL)
"""Blocks of code, targets of links and comments: no prose."""
SOURCES = "sources"
"""The cell with links that ends a lesson; it is not prose."""
HEAD = """\
# What is in it

Counted from the files by `mlops build --tables`; a test fails when this page and the files differ.

"""


@dataclass(frozen=True)
class Count:
    """A module in numbers."""

    module: str
    title: str
    lessons: int
    words: int
    """Words of prose in the lessons, code blocks left out."""
    cells: int
    """Code cells of the lessons; all of them run in the tests."""
    tasks: int
    checks: int
    samples: int
    """Known-wrong submissions of the lab, each with its declared verdict."""
    questions: int


def counts(course: Course) -> list[Count]:
    """A count for each module that is there."""
    return [_count(course, module) for module in course.modules()]


def drills(course: Course) -> dict[str, int]:
    """How many drills there are, by category."""
    found: dict[str, int] = {}
    for file in sorted(course.root.glob("labs/drills/*/drill.yaml")):
        category = load(file, DrillSpec).category
        found[category] = found.get(category, 0) + 1
    return found


def page(course: Course) -> str:
    """`modules/README.md`: the table of modules, of drills by category, and of pinned versions by environment."""
    lines = [HEAD.rstrip("\n"), ""]
    lines += _table(
        ("module", "lessons", "words", "cells", "tasks", "checks", "wrong samples", "questions"),
        [(f"{c.module[:2]} {c.title}", c.lessons, c.words, c.cells, c.tasks, c.checks, c.samples, c.questions)
         for c in counts(course)],
    )  # fmt: skip
    lines += ["", "## Drills", "", *_table(("category", "drills"), list(drills(course).items()))]
    lines += ["", "## What is pinned", "", "The packages that environments name; each lock pins all others by hash, too.", ""]
    lines += _table(("environment", "packages"), [(name, ", ".join(pins)) for name, pins in versions(course).items()])
    return "\n".join(lines) + "\n"


def versions(course: Course) -> dict[str, list[str]]:
    """`package version` for each package that an environment's project asks for, as its lock pins it."""
    found = {}
    for file in sorted(course.root.glob("environments/*/environment.yaml")):
        locked = tomllib.loads((file.parent / "uv.lock").read_text(encoding="utf-8"))
        pins = {package["name"]: package.get("version", "") for package in locked["package"]}
        project = next(p for p in locked["package"] if "virtual" in p.get("source", {}) or "editable" in p.get("source", {}))
        asked = sorted({dependency["name"] for dependency in project.get("dependencies", [])})
        system = course.environment(file.parent.name).spec.system
        found[file.parent.name] = [*(f"{name} {pins[name]}" for name in asked), *(f"{name} (Debian)" for name in system)]
    return found


def _count(course: Course, module: Module) -> Count:
    spec, lab = module.spec, course.lab(module.spec.lab) if module.spec.lab else None
    notebooks = [source.read(module.lesson(stem)) for stem in spec.lessons]
    prose = [
        cell.source
        for notebook in notebooks
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell["id"] != SOURCES
    ]
    code = [cell for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    return Count(
        spec.id, spec.title, len(notebooks), sum(len(_WORD.findall(_CODE.sub("", text))) for text in prose), len(code),
        len(lab.spec.tasks) if lab else 0, len(lab.spec.checks) if lab else 0, len(lab.samples()) if lab else 0,
        len(load(_quiz(course, spec.quiz), QuizSpec).questions) if spec.quiz else 0,
    )  # fmt: skip


def _quiz(course: Course, name: str) -> Path:
    return course.root / "quizzes" / f"{name}.yaml"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    line = "| {} |"
    body = [line.format(" | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row)) for row in rows]
    return [line.format(" | ".join(head)), line.format(" | ".join("---" for _ in head)), *body]
