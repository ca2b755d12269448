"""The way back in the capstone: a task's files as they stand in the last commit, which is what a starter is to a lab."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from grader.course.tree import Milestone
from grader.errors import BadInput
from grader.learner import workspace


def restore(milestone: Milestone, folder: Path, task: str | None) -> Path:
    """Put a task's files back as they were committed last; one that no commit knows goes. Returns the backup's folder.

    Raises BadInput for no task, an unknown one or one without files, and where nothing was committed yet.
    """
    tasks = {one.id: one.files for one in milestone.spec.tasks if one.files}
    if task not in tasks:
        said = f"{milestone.id} has no task {task!r} with files" if task else "a milestone is reset a task at a time"
        raise BadInput(said, f"its tasks: {', '.join(tasks)}; for all that you changed: git stash")
    backup = workspace.put_back(folder, committed(folder, tasks[task]))
    (folder / workspace.PRIVATE / ".gitignore").write_text("*\n", encoding="utf-8")  # the backups are no part of the work
    return backup


def committed(folder: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """The content of these files in the last commit; None for one that it lacks. Raises BadInput where there is no commit."""
    if shutil.which("git") is None:
        raise BadInput("there is no git on this machine", "install git: the capstone is a repository")
    if _git(folder, "rev-parse", "--verify", "-q", "HEAD") is None:
        raise BadInput(f"nothing is committed in {folder} yet, so there is nothing to go back to", "commit first")
    return {path: _git(folder, "cat-file", "blob", f"HEAD:./{path}") for path in paths}


def _git(folder: Path, *command: str) -> bytes | None:
    """What git says; None when it fails."""
    done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
