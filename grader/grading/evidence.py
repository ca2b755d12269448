"""Where a grading's evidence is kept, and found again: one folder an attempt, never written twice."""

from __future__ import annotations

import itertools
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


def _folder(root: Path, submission: Submission) -> Path:
    return root / f"{submission.student or 'own'}-{submission.sha256[:12]}"
