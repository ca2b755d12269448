"""Where a grading's evidence is kept, and found again: one folder an attempt, never written twice."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from grader.grading.submission import Submission
from grader.result import Result

RESULT = "result.json"


def new_attempt(root: Path, submission: Submission) -> Path:
    """A fresh folder for one attempt; attempts of the same submission, also at the same time, get different ones."""
    parent = _folder(root, submission)
    parent.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = parent / f"attempt-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("unreachable")


def keep(folder: Path, result: Result) -> None:
    """Write the result in one step: a file that is there is whole."""
    new = folder / f"{RESULT}.new"
    new.write_text(result.json_line() + "\n", encoding="utf-8")
    new.replace(folder / RESULT)


def find(root: Path, submission: Submission, lab_version: str) -> Result | None:
    """The kept result of this very submission on this version of the lab, if there is one that says something of it."""
    for file in sorted(_folder(root, submission).glob(f"attempt-*/{RESULT}")):
        try:
            result = Result.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            continue
        if result.lab_version == lab_version and result.submission_sha256 == submission.sha256 and not result.ours:
            return result
    return None


def forget(root: Path, before: datetime, held: Collection[tuple[str, str]], dry_run: bool = False) -> tuple[int, int]:
    """Remove what attempts left that ended before this time, below `root/<lab>/`; how many attempts, and bytes.

    Each one's result stays: it is small, and says that the work was done. Attempts at what is `held` (a student and a hash)
    stay whole, and so does what doesn't look like an attempt: it is not ours. No link is followed.
    """
    names = {_name(student, sha256) for student, sha256 in held}
    attempts = freed = 0
    for folder in sorted(root.glob("*/*/attempt-*")):
        if folder.is_symlink() or not folder.is_dir() or folder.parent.name in names or _age(folder) >= before.timestamp():
            continue
        inside = [file for file in folder.iterdir() if file.name != RESULT]
        freed += sum(file.lstat().st_size for one in inside for file in (one, *_below(one)))
        attempts += bool(inside)
        for one in () if dry_run else inside:
            shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    return attempts, freed


def _below(place: Path) -> list[Path]:
    return [] if place.is_symlink() or not place.is_dir() else [f for f in place.rglob("*") if not f.is_dir()]


def _age(folder: Path) -> float:
    """When something was last written there."""
    return max(file.lstat().st_mtime for file in (folder, *folder.iterdir()))


def _folder(root: Path, submission: Submission) -> Path:
    return root / _name(submission.student, submission.sha256)


def _name(student: str | None, sha256: str) -> str:
    return f"{student or 'own'}-{sha256[:12]}"
