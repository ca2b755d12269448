"""What a learner runs assumes no Linux: the type checker, told that the system is another, finds nothing that isn't there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEARNERS = ("cli", "learner", "grading", "run", "checks", "notebook", "work", "stack", "services", "quiz", "drills", "capstone")
LINUX_ONLY = {
    "grader/cli/resident.py": "quick.py starts it on Linux alone; elsewhere each command imports what it needs",
    "grader/backends/local/residents.py": "LocalBackend prepares sandboxes on Linux alone; elsewhere it starts cold ones",
    "grader/backends/local/prepared.py": "as above",
}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_nothing_is_assumed_that_another_system_lacks(platform: str, tmp_path: Path) -> None:
    """No signal, system call, module or flag of POSIX or Linux in a learner's way, but for the files named above."""
    packages = [str(ROOT / "grader" / name) for name in LEARNERS] + [str(ROOT / "grader/backends/local")]
    command = [sys.executable, "-m", "mypy", "--platform", platform, "--cache-dir", str(tmp_path), *packages]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    assert told[-1].startswith(("Found ", "Success: "))
    assert [line for line in told[:-1] if line.split(":")[0] not in LINUX_ONLY] == []
