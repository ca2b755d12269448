"""What the last check of a lab said, whole, and of what: the record keeps the points, this file what was expected and found."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from grader.result import Frozen, Result


class Kept(Frozen):
    """A result, and what it is about."""

    result: Result
    sources: dict[str, str]
    """The source of each task's cell."""
    files: dict[str, str] | None = None
    """The hash of each file of the work (`changes.hashes`); None where an earlier version kept the result."""


def keep(home: Path, kept: Kept) -> None:
    """Keep it in the place of the one before, in one step."""
    file = _file(home, kept.result.lab)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_suffix(".new")
    new.write_text(kept.model_dump_json(by_alias=True), encoding="utf-8")
    new.replace(file)


def last(home: Path, lab: str) -> Kept | None:
    """What the last check on this machine said; None where there was none, or an older version kept it."""
    try:
        return Kept.model_validate_json(_file(home, lab).read_bytes())
    except (OSError, ValidationError):
        return None


def _file(home: Path, lab: str) -> Path:
    return home / "results" / f"{lab}.json"
