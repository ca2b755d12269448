"""Who sees which rows of a dataset: the learner's file, and the rows that only checks see."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import random
from collections.abc import Sequence
from pathlib import Path

from grader.course.tree import Course
from grader.spec.dataset import DatasetSpec
from grader.spec.lab import DataSpec

Row = dict[str, str]


def visible(course: Course, data: DataSpec, seed: int | None = None) -> bytes:
    """The learner's CSV file. With a seed, `held_back` rows drawn by it are left out: every run sees another file."""
    header, *lines = _visible_lines(*_place(course, data.dataset))
    if seed is not None and data.held_back:
        left_out = set(random.Random(seed).sample(range(len(lines)), data.held_back))  # noqa: S311  # not a secret
        lines = [line for index, line in enumerate(lines) if index not in left_out]
    return "".join([header, *lines]).encode()


def unseen(course: Course, dataset: str, rows: int, rng: random.Random) -> list[Row]:
    """`rows` rows that no learner's file holds, drawn by `rng`; all of them when fewer exist. Values are the CSV's texts."""
    hidden = [row for row, is_unseen in _rows(course, dataset) if is_unseen]
    return rng.sample(hidden, min(rows, len(hidden)))


def _rows(course: Course, dataset: str) -> tuple[tuple[Row, bool], ...]:
    """Every row, and whether only checks see it."""
    return _parsed(*_place(course, dataset))


def _place(course: Course, dataset: str) -> tuple[Path, int, DatasetSpec]:
    """The dataset's file, when it was changed, and its spec."""
    spec, folder = course.dataset(dataset)
    file = folder / spec.file
    return file, file.stat().st_mtime_ns, spec


@functools.lru_cache(maxsize=8)
def _parsed(file: Path, _: int, spec: DatasetSpec) -> tuple[tuple[Row, bool], ...]:
    """Read once, for as long as the file's time of change (the second argument) stays: a class draws from the same rows."""
    with file.open(encoding="utf-8", newline="") as text:
        return tuple((row, _bucket(f"{spec.id}:{row[spec.key]}") < spec.unseen) for row in csv.DictReader(text))


@functools.lru_cache(maxsize=8)
def _visible_lines(file: Path, changed: int, spec: DatasetSpec) -> tuple[str, ...]:
    """The rows that learners see as lines of a CSV file, the header first; written once, as above."""
    rows = [row for row, is_unseen in _parsed(file, changed, spec) if not is_unseen]
    return csv_text(rows[:1]).splitlines(keepends=True)[0], *(_line(row) for row in rows)


def _line(row: Row) -> str:
    """The row as a line of a CSV file."""
    return csv_text([row]).partition("\n")[2]


def _bucket(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def csv_text(rows: Sequence[Row]) -> str:
    """The rows as a CSV file with a header line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
