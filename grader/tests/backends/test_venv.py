"""A virtual environment is installed once, and anew where its commands could no longer start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from grader.backends.local import venv
from grader.backends.protocol import Environment
from grader.spec.environment import EnvironmentSpec

PROJECT = '[project]\nname = "environment-tiny"\nversion = "1"\nrequires-python = "==3.11.*"\n[tool.uv]\npackage = false\n'
LOCK = """\
version = 1
revision = 3
requires-python = "==3.11.*"

[[package]]
name = "environment-tiny"
version = "1"
source = { virtual = "." }
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Environment:
    """An environment without a single package."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "uv.lock").write_text(LOCK)
    return Environment(
        EnvironmentSpec.model_validate({"schema": 1, "id": "tiny", "title": "Tiny", "purpose": "For a test."}), tmp_path
    )


def runs(folder: Path) -> bool:
    """Whether the interpreter of the environment starts."""
    return subprocess.run([venv.python(folder), "-c", "pass"], check=False).returncode == 0


def test_installed_once(tiny: Environment, tmp_path: Path) -> None:
    """The second time nothing is touched."""
    folder = venv.prepare(tiny, tmp_path / "home")
    made = venv.python(folder).lstat().st_mtime_ns
    assert (venv.prepare(tiny, tmp_path / "home"), runs(folder)) == (folder, True)
    assert venv.python(folder).lstat().st_mtime_ns == made


def test_a_moved_one_is_installed_anew(tiny: Environment, tmp_path: Path) -> None:
    """Its commands would name an interpreter at the place it came from."""
    venv.prepare(tiny, tmp_path / "home")
    (tmp_path / "home").rename(tmp_path / "moved")
    folder = venv.prepare(tiny, tmp_path / "moved")
    assert (runs(folder), (folder / venv.DONE).read_text()) == (True, str(folder))


def test_one_whose_python_is_gone_is_installed_anew(tiny: Environment, tmp_path: Path) -> None:
    """An upgrade of the system took the interpreter away."""
    folder = venv.prepare(tiny, tmp_path / "home")
    venv.python(folder).unlink()
    assert runs(venv.prepare(tiny, tmp_path / "home"))


def test_one_that_was_left_half_done_is_installed_anew(tiny: Environment, tmp_path: Path) -> None:
    """A folder without the mark at its end is nothing to build on."""
    folder = venv.prepare(tiny, tmp_path / "home")
    (folder / venv.DONE).unlink()
    (folder / "left-over").touch()
    assert (venv.prepare(tiny, tmp_path / "home"), (folder / "left-over").exists()) == (folder, False)
