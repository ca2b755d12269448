"""What a folder hands in: the files that the lab asked for, within its limits, and nothing that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from grader.errors import BadInput
from grader.spec.lab import WorkSpec
from grader.work.selection import Selection

PATTERNS = ["churn/**/*.py", "config.yaml", ".gitignore"]


def selection(**changes: Any) -> Selection:
    """A selection of PATTERNS, with these changes."""
    return Selection(WorkSpec.model_validate({"files": PATTERNS, **changes}))


def put(folder: Path, *paths: str, content: bytes = b"x") -> Path:
    """Files with this content below the folder, which is returned."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_what_was_asked_for_and_nothing_else(tmp_path: Path) -> None:
    """Files that a pattern names are read; data, notebooks, caches and what is ours stay where they are."""
    wanted = (".gitignore", "churn/deep/x.py", "churn/split.py", "config.yaml")
    put(tmp_path, *wanted, "customers.csv", "churn/model.pkl", "old/config.yaml", "churn/__pycache__/x.py", ".mlops/churn/k.py")
    assert selection().read(tmp_path) == dict.fromkeys(wanted, b"x")


GIT_FILES = {
    ".git/HEAD": True,
    ".git/refs/heads/main": True,
    ".git/packed-refs": True,
    f".git/objects/ab/{'c' * 38}": True,
    f".git/objects/pack/pack-{'d' * 40}.pack": True,
    ".git/config": False,
    ".git/hooks/post-checkout": False,
    ".git/objects/info/alternates": False,
    ".git/modules/x/HEAD": False,
    ".git/index": False,
}


@pytest.mark.parametrize(("path", "taken"), GIT_FILES.items())
def test_of_a_repository_only_what_it_knows(path: str, taken: bool) -> None:
    """Objects and references are handed in where the lab wants the repository; what git would obey never is."""
    assert (selection(repository=True).takes(path), selection().takes(path)) == (taken, False)


@pytest.mark.parametrize("path", ["/churn/x.py", "churn/../../x.py", "../churn/x.py", "churn\\x.py", "churn/x\0.py", ""])
def test_path_that_leads_out(path: str) -> None:
    """No spelling of a path that leaves the folder is taken."""
    assert not selection().takes(path)


def _link_to_a_file(folder: Path) -> str:
    (folder / "churn").mkdir()
    (folder / "churn" / "x.py").symlink_to("/etc/passwd")
    return "churn/x.py can't be read: Too many levels of symbolic links (a link?) (hand in the file itself)"


def _pipe(folder: Path) -> str:
    (folder / "churn").mkdir()
    os.mkfifo(folder / "churn" / "x.py")
    return "churn/x.py is no regular file (hand in the file itself)"


def _many(folder: Path) -> str:
    put(folder, *(f"churn/{n}.py" for n in range(4)))
    return "more than 3 files are handed in (remove what the lab did not ask for)"


def _large(folder: Path) -> str:
    put(folder, "churn/x.py", content=b"x" * (2**20 + 1))
    return (
        "the files handed in hold more than 1 MiB, the repository included"
        " (is data or a model among them, or in the repository's history?)"
    )


@pytest.mark.parametrize("make", [_link_to_a_file, _pipe, _many, _large])
def test_what_is_refused(tmp_path: Path, make: Any) -> None:
    """A link, a pipe, too many files and too much content are refused with one line; nothing waits on a pipe."""
    message = make(tmp_path)
    with pytest.raises(BadInput) as error:
        selection(max_files=3, max_mb=1).read(tmp_path)
    assert str(error.value).replace(f"{tmp_path}/", "") == message


def test_linked_folder_is_not_followed(tmp_path: Path) -> None:
    """A folder that is a link is no folder: what lies behind it belongs to somebody else."""
    put(tmp_path / "other", "x.py")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "churn").symlink_to(tmp_path / "other")
    assert selection().read(tmp_path / "mine") == {}
