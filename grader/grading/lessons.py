"""Runs a module's lessons from top to bottom against live services: a lesson with a broken cell is a broken promise.

They run where a learner runs them: in `lessons/` of the lab's folder, with the lab solved above them. A tool that looks for its
configuration in parent folders finds the lab's, and a lesson must hold all the same.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
from collections.abc import Iterator
from typing import Any

import nbformat

from grader.backends.protocol import SandboxRequest
from grader.course import data
from grader.course.parts import LESSONS
from grader.course.tree import Lab, Module
from grader.errors import OurFault
from grader.grading.grade import Place
from grader.grading.sandboxes import sandbox
from grader.grading.verify import Row
from grader.notebook import source
from grader.run.kernel import Kernel
from grader.run.run import run
from grader.stack.lease import lease
from grader.work import author


def run_lessons(module: Module, place: Place) -> Iterator[Row]:
    """A row for each lesson; each gets a namespace and a sandbox of its own."""
    yield from map(functools.partial(_run_lesson, module, place), module.spec.lessons)


def _run_lesson(module: Module, place: Place, stem: str) -> Row:
    spec, folder = module.spec, place.evidence / module.spec.id / stem
    folder.mkdir(parents=True, exist_ok=True)
    visible = {f"{LESSONS}/{d.file}": data.visible(place.course, d) for d in spec.data}
    files = visible | (_solved(place.course.lab(spec.lab)) if spec.lab else {})
    with contextlib.ExitStack() as stack:
        leased = stack.enter_context(lease(place.stack, place.running, spec.services, place.backend))
        request = SandboxRequest(
            f"lesson-{secrets.token_hex(4)}", place.course.environment(spec.environment), files, leased.variables,
            leased.endpoints, spec.limits,
        )  # fmt: skip
        kernel = stack.enter_context(Kernel(stack.enter_context(sandbox(place.backend, request))))
        try:
            evidence = run(_inside(source.read(module.lesson(stem))), kernel, {}, spec.limits, folder)
        except OurFault as fault:
            return Row(spec.id, stem, 0, fault.outcome, (str(fault),))
    broken = [f"cell {c.id}: {c.error or c.status}" for c in evidence.cells.values() if c.status != "ran"]
    return Row(spec.id, stem, 0, evidence.outcome, tuple(broken))


def _solved(lab: Lab) -> dict[str, bytes]:
    """The files of the work as the author solves it, and those that the lab gives."""
    return author.solution(lab) | author.given(lab)


def _inside(notebook: Any) -> Any:
    """The notebook, which begins by going into its folder; that is there, whether it holds data or not."""
    go = f"import os; os.makedirs({LESSONS!r}, exist_ok=True); os.chdir({LESSONS!r}); del os"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(go, id="go-to-the-lessons"))
    return notebook
