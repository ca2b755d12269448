"""Help and completion must be quick, so the command line imports what is heavy only inside the commands that need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = (
    "pandas",
    "numpy",
    "mlflow",
    "papermill",
    "nbformat",
    "sklearn",
    "docker",
    "boto3",
    "sqlalchemy",
    "alembic",
    "psycopg",
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx2",
    "argon2",
)
STARTS = {
    "import-grader": "import grader",
    "import-the-command-line": "import grader.cli.main",
    "help": "sys.argv = ['mlops', '--help']\nfrom grader.cli.entry import main\ntry:\n    main()\nexcept SystemExit:\n    pass",
}
REPORT = "sys.stderr.write('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after this code."""
    script = f"import json, sys\n{code}\n{REPORT}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS)
def test_nothing_heavy_is_imported(code: str) -> None:
    """None of the heavy libraries is loaded."""
    found = loaded(code)
    assert ("grader" in found, found & set(HEAVY)) == (True, set())


def test_the_services_start_before_what_makes_the_folder_is_imported() -> None:
    """`mlops start` brings services up without having imported nbgrader, jupytext and all they import."""
    found = loaded("import grader.cli.chosen, grader.learner.place, grader.stack.stack, grader.backends.local.backend")
    assert ("grader" in found, found & {"nbgrader", "jupytext", "nbconvert", "nbformat"}) == (True, set())


def test_the_way_to_the_resident_imports_nothing() -> None:
    """A command that the resident does waits for no library of this process: not even for the command line's own."""
    found = loaded("import grader.cli.entry")
    assert ("grader" in found, found & {*HEAVY, "typer", "click", "rich", "pydantic", "subprocess"}) == (True, set())


def test_help_lists_the_commands() -> None:
    """The help that was measured is the real one, and says of each command what it does without being cut at 80 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "grader.cli.entry", "--help"], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert [name for name in ("start", "check", "grade", "verify", "lint") if name not in done.stdout] == []
    assert [line for line in done.stdout.splitlines() if line.endswith(("...", "…")) and "Usage" not in line] == []
