"""Commands of lessons that need Docker: a notebook in a sandbox can't run them, so they run here, in a terminal's place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.backends.local import venv
from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course, Module, find_course
from grader.notebook import source
from grader.stack.lease import lease
from grader.stack.stack import Stack
from grader.tests import kept
from grader.tests.contract.conftest import docker_backend

TAG = "docker"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
WITH_DOCKER = [("02-packaging", "03-images")]
STRICT = "set -eu\nset -o pipefail\n"


def docker_cells(module: Module, stem: str) -> list[tuple[str, str]]:
    """Id and commands of the lesson's cells that need Docker."""
    cells = [cell for cell in source.read(module.lesson(stem)).cells if TAG in cell.metadata.get("tags", [])]
    return [(cell["id"], block) for cell in cells for block in BLOCK.findall(cell.source)]


@pytest.fixture
def variables(course: Course, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a terminal has that a lesson's environment was activated in, its package index up."""
    home = kept.home(tmp_path / "home")
    stack = Stack(course, LocalBackend(home), home)
    with stack.use(["package-index"]) as running, lease(stack, running, ["package-index"], stack.backend) as leased:
        commands = venv.executables(venv.prepare(course.environment("packaging"), kept.environments()))
        path = os.pathsep.join([str(commands), os.environ["PATH"]])
        given = {"PATH": path, "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never", "HOME": str(tmp_path)}
        docker = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
        yield {**leased.variables, **given, **docker, "DOCKER_CONFIG": str(Path.home() / ".docker")}


def test_every_lesson_with_docker_cells_is_run_below() -> None:
    """None is left out."""
    found = find_course(Path(__file__).parents[3])
    with_cells = [(m.spec.id, stem) for m in found.modules() for stem in m.spec.lessons if docker_cells(m, stem)]
    assert with_cells == WITH_DOCKER


@pytest.mark.docker
@pytest.mark.parametrize(("module", "stem"), WITH_DOCKER)
def test_docker_cells_run(course: Course, request: pytest.FixtureRequest, tmp_path: Path, module: str, stem: str) -> None:
    """With the files that the lesson's other cells write, each command succeeds, in the lesson's order."""
    docker_backend()  # skips where no engine answers
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command on this machine")
    variables: dict[str, str] = request.getfixturevalue("variables")
    work = tmp_path / "work"
    work.mkdir()
    lesson = course.module(module)
    for cell in source.read(lesson.lesson(stem)).cells:
        if cell.cell_type == "code" and cell.source.startswith("%%writefile"):
            head, _, text = cell.source.partition("\n")
            (work / head.split()[1]).write_text(f"{text}\n", encoding="utf-8")
        elif cell.cell_type == "code" and cell.source.startswith("%%bash"):
            assert run(cell.source.partition("\n")[2], work, variables) == 0, cell["id"]
    for cell_id, commands in docker_cells(lesson, stem):
        assert run(STRICT + commands, work, variables) == 0, cell_id


def run(script: str, work: Path, variables: dict[str, str]) -> int:
    """The exit code of a bash script; what it prints is pytest's to show."""
    return subprocess.run(["bash", "-c", script], cwd=work, env=variables, check=False).returncode
