"""Otter-Grader, in this process (`otter run`) or in its containers (`otter grade`).

`otter_grade.py MATERIALS ASSIGNMENT CONTAINERS [IMAGE]`: with an image, a container is started from it for each
submission, CONTAINERS at a time, by otter's own code. Otter makes the grading image itself, from its own Dockerfile; the
author's `setup.sh` in the autograder's zip, which by default installs conda, installs the same packages from PyPI.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from otter import api  # type: ignore[import-not-found]
from otter.generate import main as generate  # type: ignore[import-not-found]
from otter.grade.containers import launch_containers  # type: ignore[import-not-found]
from otter.run import AutograderConfig  # type: ignore[import-not-found]

from grader.bench.drivers.loop import Mark, mark, own_cpu, serve

SETUP = """#!/usr/bin/env bash
set -e
python3 -m venv /opt/otter
/opt/otter/bin/pip install --no-cache-dir -r /autograder/source/requirements.txt
"""
RUN = "#!/bin/bash\nexec /opt/otter/bin/python /autograder/source/run_otter.py\n"


class Otter:
    """See `loop.Grader`."""

    def __init__(self, materials: Path, assignment: str, containers: int, image: str) -> None:
        os.chdir(materials)
        self._zip, self._assignment, self._containers, self._image = materials / "autograder.zip", assignment, containers, image
        files = [str(file) for file in sorted(Path().glob("*.csv"))]
        generate(
            tests_dir="tests", output_path=str(self._zip), files=files, requirements="requirements.txt",
            overwrite_requirements=True, no_environment=True, no_config=True,
        )  # fmt: skip
        if image:
            requirements = Path("requirements.txt").read_text(encoding="utf-8")
            self._zip = _with(self._zip, {"setup.sh": SETUP, "run_autograder": RUN, "requirements.txt": requirements})

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """Grade them, side by side if in containers."""
        notebooks = {folder: str(next(Path(folder).rglob("*.ipynb"))) for folder in submissions}
        if not self._image:
            return {folder: _run(notebook, str(self._zip)) for folder, notebook in notebooks.items()}
        return self._in_containers(notebooks)

    def cpu(self) -> dict[str, float]:
        """Of this process and its children; what containers use is not among it."""
        return {"grader": sum(own_cpu().values())} if self._image else own_cpu()

    def close(self) -> None:
        """Nothing is left: otter removes each container."""

    def _in_containers(self, notebooks: dict[str, str]) -> dict[str, Mark]:
        """What `otter grade` does, less its table: otter tells results apart by the notebook's name."""
        with tempfile.TemporaryDirectory() as folder:
            named = {f"{Path(student).name}.ipynb": student for student in notebooks}
            for name, student in named.items():
                (Path(folder) / name).symlink_to(notebooks[student])
            paths = [str(Path(folder) / name) for name in named]
            results = launch_containers(
                str(self._zip), paths, num_containers=self._containers, base_image=self._image, tag=self._assignment,
                config=AutograderConfig({"zips": False, "pdf": False, "debug": False}), network=False,
            )  # fmt: skip
        return {named[str(result.file)]: _mark(result) for result in results}


def _run(notebook: str, autograder: str) -> Mark:
    try:
        return _mark(api.grade_submission(notebook, autograder, quiet=True))
    except Exception as error:  # whatever otter raises is its answer to this submission
        return mark(None, f"no mark: {type(error).__name__}: {error}"[:200])


def _mark(results: Any) -> Mark:
    problem = results.catastrophic_error
    if problem is not None:
        return mark(None, f"no mark: {type(problem).__name__}: {problem}"[:200])
    return mark({name: float(result.score) for name, result in results.results.items()})


def _with(archive: Path, members: dict[str, str]) -> Path:
    """A copy of the zip with these members, in place of its own if it has them."""
    made = archive.with_stem(f"{archive.stem}-containers")
    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(made, "w") as out:
        for name in given.namelist():
            if name not in members:
                out.writestr(name, given.read(name))
        for name, text in members.items():
            out.writestr(name, text)
    return made


if __name__ == "__main__":
    serve(lambda: Otter(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "".join(sys.argv[4:])))
