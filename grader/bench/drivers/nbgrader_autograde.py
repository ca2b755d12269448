"""nbgrader's `autograde`, through its API in one process that has imported it. `COURSE_FOLDER ASSIGNMENT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from grader.bench.drivers.loop import Mark, mark, own_cpu, serve


class NbGrader:
    """See `loop.Grader`."""

    def __init__(self, course: Path, assignment: str) -> None:
        os.chdir(course)
        config = Config()
        config.CourseDirectory.root = str(course)
        config.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
        config.Execute.timeout = 60
        self._api, self._assignment, self._database = NbGraderAPI(config=config), assignment, f"sqlite:///{course}/gradebook.db"
        done = self._api.generate_assignment(assignment, create=True, force=True)
        if not done["success"]:
            raise RuntimeError(f"nbgrader could not generate the assignment:\n{done.get('log')}\n{done.get('error')}")

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """One after the other: nbgrader has no other way."""
        done = {folder: self._api.autograde(self._assignment, Path(folder).name, force=True) for folder in submissions}
        with Gradebook(self._database) as gradebook:
            return {folder: self._mark(gradebook, Path(folder).name, said) for folder, said in done.items()}

    def cpu(self) -> dict[str, float]:
        """Of this process and its kernels."""
        return own_cpu()

    def close(self) -> None:
        """Nothing is left."""

    def _mark(self, gradebook: Any, student: str, said: dict[str, Any]) -> Mark:
        if not said["success"]:
            last = (said.get("error") or said.get("log") or "").strip().splitlines()
            return mark(None, f"no mark: {last[-1][:200] if last else 'autograde failed'}")
        try:
            notebook = gradebook.find_submission(self._assignment, student).notebooks[0]
        except MissingEntry as missing:
            return mark(None, f"no mark: {missing}")
        return mark({grade.cell.name: grade.score for grade in notebook.grades})


if __name__ == "__main__":
    serve(lambda: NbGrader(Path(sys.argv[1]), sys.argv[2]))
