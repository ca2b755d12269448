"""A reset in the capstone: a task's files as they were committed last, with a backup that the repository doesn't see."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from grader.capstone.committed import restore
from grader.course.tree import Course, Milestone
from grader.errors import BadInput
from grader.learner import workspace

TASK = "training"
FILE = "src/churn_predictor/model.py"


@pytest.fixture
def milestone(course: Course) -> Milestone:
    return course.milestone("1")


def git(folder: Path, *command: str) -> str:
    about = ["git", "-C", str(folder), "-c", "user.name=L", "-c", "user.email=l@localhost", *command]
    return subprocess.run(about, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one commit, in which the task's file says `committed`."""
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text("committed\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "Say what is committed")
    return tmp_path


def test_what_was_committed_comes_back_and_undo_takes_it_back(milestone: Milestone, folder: Path) -> None:
    """To the byte, whatever is staged; the learner's version is in the backup, and git sees no new file."""
    (folder / FILE).write_text("mine\n")
    git(folder, "add", ".")
    backup = restore(milestone, folder, TASK)
    assert (folder / FILE).read_text() == "committed\n"
    workspace.undo(folder, backup)
    assert (folder / FILE).read_text() == "mine\n"
    assert git(folder, "status", "--porcelain") == f"M  {FILE}\n"


def test_a_file_that_no_commit_knows_goes(milestone: Milestone, folder: Path) -> None:
    """As git would have it; the backup has it."""
    (folder / "src/churn_predictor/money.py").write_text("mine\n")
    backup = restore(milestone, folder, "money")
    assert not (folder / "src/churn_predictor/money.py").exists()
    assert (backup / "src/churn_predictor/money.py").read_text() == "mine\n"


def test_what_can_t_be_reset_is_said(milestone: Milestone, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No task, one without files, and a folder without a commit; nothing is written."""
    bare = tmp_path_factory.mktemp("bare")
    tasks = "its tasks: rows, training, money; for all that you changed: git stash"
    for task, place, message in (
        (None, folder, f"a milestone is reset a task at a time ({tasks})"),
        ("carried", folder, f"capstone-01 has no task 'carried' with files ({tasks})"),
        (TASK, bare, f"nothing is committed in {bare} yet, so there is nothing to go back to (commit first)"),
    ):
        with pytest.raises(BadInput) as error:
            restore(milestone, place, task)
        assert str(error.value) == message
    assert list(bare.iterdir()) == []
