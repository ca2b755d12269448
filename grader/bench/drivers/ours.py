"""This course's grader, through `grade_all`, on a backend: `ours.py BACKEND LAB_FOLDER JOBS EVIDENCE`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from grader.bench.drivers import cpu
from grader.bench.drivers.loop import Mark, mark, own_cpu, serve
from grader.cli.app import home, stack
from grader.course.tree import Lab
from grader.grading.batch import grade_all
from grader.grading.grade import Place
from grader.grading.inbox import find
from grader.result import Result
from grader.spec.lab import LabSpec
from grader.spec.loader import load


class Ours:
    """See `loop.Grader`."""

    def __init__(self, backend: str, folder: Path, jobs: int, evidence: Path) -> None:
        self._lab, self._jobs = Lab(load(folder / "lab.yaml", LabSpec), folder), jobs
        self._services = stack(backend)
        self._open = contextlib.ExitStack()
        running = self._open.enter_context(self._services.use(self._lab.spec.services))
        place = Place(self._services.course, self._services.backend, self._services, running, evidence)
        place.backend.prepare(place.course.environment(self._lab.spec.environment))
        self._place = place

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """Grade them side by side."""
        sealed = [found for folder in submissions for found in find(self._lab, Path(folder))]
        folders = {id(one): folder for one, folder in zip(sealed, submissions, strict=True)}
        done = grade_all(self._lab, sealed, self._place, self._jobs)
        return {folders[id(submission)]: _mark(result) for submission, result in done}

    def cpu(self) -> dict[str, float]:
        """Of this process, of its sandboxes, and of the services that it brought up."""
        return {"grader": own_cpu()["grader"], **cpu.of_backend(self._place.backend.name, self._services.instance, home())}

    def close(self) -> None:
        """Stop the services."""
        self._open.close()


def _mark(result: Result | Exception) -> Mark:
    if not isinstance(result, Result):
        return mark(None, str(result))
    phases = result.seconds.model_dump()
    return mark({c.id: c.earned for c in result.checks}, f"{result.outcome} {result.detail}".strip(), phases)


if __name__ == "__main__":
    serve(lambda: Ours(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
