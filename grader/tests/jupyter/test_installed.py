"""The package brings the panel and the server extension along: where Jupyter looks lies what stands in the repository."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import grader.jupyter

OURS = Path(grader.jupyter.__file__).parent
SHARED = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "mlops-course"


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_panel_is_installed_as_it_is_written() -> None:
    """Nothing is built and nothing is missing, also in an editable install (after a change: uv sync)."""
    assert contents(SHARED) == contents(OURS / "labextension")
    configuration = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.d" / "mlops-course.json"
    assert json.loads(configuration.read_text()) == {"ServerApp": {"jpserver_extensions": {"grader.jupyter": True}}}


def test_the_panel_has_the_package_s_version() -> None:
    """JupyterLab shows it in its list of extensions."""
    assert json.loads((SHARED / "package.json").read_text())["version"] == importlib.metadata.version("mlops-course")


def test_what_jupyterlab_loads_is_there() -> None:
    """The container that the metadata names, and every module that another one imports."""
    metadata = json.loads((SHARED / "package.json").read_text())["jupyterlab"]["_build"]
    assert (SHARED / metadata["load"]).is_file()
    scripts = sorted((SHARED / "static").glob("*.js"))
    named = {line.split("'")[-2] for file in scripts for line in file.read_text().splitlines() if line.startswith("import ")}
    assert {name for name in named if not (SHARED / "static" / name).is_file()} == set()
