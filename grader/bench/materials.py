"""Writes what each grader needs to judge the class: the same students' code, and the same tests in each one's format.

FOLDER/class/<student>/<lab>/<lab>.ipynb      for us, otter, papermill and the floor
FOLDER/nbgrader/{source,submitted}/…          nbgrader's course folder: the same with nbgrader's test cells
FOLDER/otter/{tests,*.csv,requirements.txt}   what `otter generate` makes its autograder of; peers run beside the CSVs
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from grader.bench.classroom import Student
from grader.course import data
from grader.course.tree import Course, Lab
from grader.notebook import build

UNSEEN_ROWS = 1_000
OTTER_TEST = '''"""Generated from hidden_tests/{name}.py."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points}


@test_case(points={points}, hidden=True)
def hidden_test(env):
    exec({code!r}, dict(env))
'''


class Materials:
    """A folder of materials for one lab."""

    def __init__(self, folder: Path, course: Course, lab: Lab) -> None:
        self._folder, self._course, self._lab = folder, course, lab
        self.nbgrader, self.otter = folder / "nbgrader", folder / "otter"

    @property
    def solution(self) -> Path:
        """The solution's notebook."""
        return self._folder / "solution.ipynb"

    def hand_in(self, students: Sequence[Student], peers: bool) -> list[str]:
        """Write what they hand in; the folder of each, in order. `peers`: in nbgrader's form, too."""
        for student in students:
            _write(student.notebook, self._of("class", student.name))
            if peers:
                _write(self._with_tests(student.notebook, "# the grader's tests stand here"), self._submitted(student.name))
        return [str(self._folder / "class" / student.name) for student in students]

    def write_assignments(self, requirements: str) -> None:
        """The hidden tests and data, as nbgrader and otter want them."""
        solution = build.solution(self._lab)
        _write(solution, self.solution)
        source = self.nbgrader / "source" / self._lab.id
        _write(self._with_tests(solution, ""), source / f"{self._lab.id}.ipynb")
        for folder in (source, self.otter):
            folder.mkdir(parents=True, exist_ok=True)
            self._write_rows(folder)
        (self.otter / "requirements.txt").write_text(requirements, encoding="utf-8")
        for check in self._lab.spec.checks:
            test = OTTER_TEST.format(name=check.id, points=check.points, code=self._hidden_test(check.id))
            path = self.otter / "tests" / f"{check.id}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(test, encoding="utf-8")

    def _write_rows(self, folder: Path) -> None:
        """The learner's rows, and rows for the tests: with these graders a student's code can read both."""
        spec = self._lab.spec.data[0]
        (folder / spec.file).write_bytes(data.visible(self._course, spec, seed=0))
        rows = data.unseen(self._course, spec.dataset, UNSEEN_ROWS, random.Random(0))
        (folder / "unseen.csv").write_text(data.csv_text(rows), encoding="utf-8")

    def _with_tests(self, notebook: Any, instead: str) -> Any:
        """A copy in which a locked cell for each check follows; `instead` stands there in place of the test."""
        made = copy.deepcopy(notebook)
        for cell in made.cells:
            cell.metadata.nbgrader.update({"task": False, "locked": not cell.metadata.nbgrader.solution})
            for key in ("points", "checksum"):
                cell.metadata.nbgrader.pop(key, None)
        for check in self._lab.spec.checks:
            test = instead or f"### BEGIN HIDDEN TESTS\n{self._hidden_test(check.id)}### END HIDDEN TESTS"
            cell = nbformat.v4.new_code_cell(test, id=f"test-{check.id}")
            cell.metadata["nbgrader"] = {
                "schema_version": 3, "grade_id": check.id, "cell_type": "code", "grade": True, "solution": False,
                "locked": True, "task": False, "points": check.points,
            }  # fmt: skip
            made.cells.append(cell)
        return made

    def _hidden_test(self, check: str) -> str:
        return (self._lab.folder / "hidden_tests" / f"{check}.py").read_text(encoding="utf-8")

    def _of(self, kind: str, student: str) -> Path:
        return self._folder / kind / student / self._lab.id / f"{self._lab.id}.ipynb"

    def _submitted(self, student: str) -> Path:
        return self.nbgrader / "submitted" / student / self._lab.id / f"{self._lab.id}.ipynb"


def _write(notebook: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
