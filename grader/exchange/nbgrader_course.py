"""An nbgrader course as it lies on disk, read: `source/` (or `release/`), `submitted/`, `gradebook.db`.

The database is read through nbgrader's own `Gradebook`, on a copy; notebooks through its own format, which knows metadata of
schema 3. `nbgrader_config.py` is a program, so it is not run: folders have their usual names.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import BadInput

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

MAX_FILE, MAX_FILES = 10 * 2**20, 1000
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Cell:
    """A cell that gives points; `by_hand` where no test of the notebook decides."""

    id: str
    """Its grade id; with its notebook's name before it in an assignment of several notebooks."""
    notebook: str
    points: float
    by_hand: bool


@dataclass(frozen=True)
class Assigned:
    """An assignment, and what identifies its notebooks."""

    name: str
    due: datetime | None
    cells: tuple[Cell, ...]
    version: str


@dataclass(frozen=True)
class Student:
    """Somebody of the roster."""

    name: str
    full_name: str
    email: str | None


@dataclass(frozen=True)
class Grade:
    """What a cell earned: by its tests, in their place by hand, and on top of it; None where nobody said anything."""

    auto: float | None
    manual: float | None
    extra: float | None


@dataclass(frozen=True)
class Submitted:
    """What a student handed in for an assignment, and what nbgrader knows of it; no `grades` where it wasn't graded."""

    assignment: str
    student: str
    received: datetime | None
    due: datetime | None
    """With their extension; None without one."""
    grades: Mapping[str, Grade]
    """By cell."""
    penalty: float
    comments: tuple[tuple[str, str], ...]
    """Cells, and what was said of them."""
    folder: Path | None


@dataclass(frozen=True)
class NbgraderCourse:
    """All of it."""

    students: tuple[Student, ...]
    assignments: tuple[Assigned, ...]
    submissions: tuple[Submitted, ...]


def read(folder: Path) -> NbgraderCourse:
    """Read a course. Raises BadInput for a folder that is none, and for what nbgrader itself can't read."""
    if not (folder / "gradebook.db").is_file():
        raise BadInput(
            f"{folder} is no nbgrader course: it has no gradebook.db", "name the folder with gradebook.db and source/"
        )
    with _gradebook(folder / "gradebook.db") as book:
        students = tuple(
            Student(s.id, " ".join(filter(None, [s.first_name, s.last_name])), s.email or None) for s in book.students
        )
        assignments = {a.name: _assigned(folder, a) for a in book.assignments}
        found = {(a.name, s.student.id): _graded(folder, s) for a in book.assignments for s in a.submissions}
    for name in _folders(folder / "source"):
        assignments.setdefault(name, _of_source(folder, name))
    known = {student.name for student in students}
    for student in _folders(folder / "submitted"):
        for name in _folders(folder / "submitted" / student):
            if name in assignments and student in known:
                found.setdefault((name, student), _ungraded(folder, name, student))
    return NbgraderCourse(students, tuple(assignments.values()), tuple(found.values()))


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a submitted folder, by path; links, hidden files and nbgrader's own are left out. Raises BadInput for
    too much of it."""
    found = dict[str, bytes]()
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        linked = any((folder / parent).is_symlink() for parent in (path, *path.parents))
        if linked or not file.is_file() or path.name == TIMESTAMP or any(part.startswith(".") for part in path.parts):
            continue
        if file.stat().st_size > MAX_FILE or len(found) == MAX_FILES:
            raise BadInput(f"{file} is too large, or one file too many", f"at most {MAX_FILES} files of 10 MiB a submission")
        found[path.as_posix()] = file.read_bytes()
    return found


@contextmanager
def _gradebook(file: Path) -> Iterator[Gradebook]:
    """nbgrader's gradebook on a copy of its database, which is whole even while nbgrader writes to it."""
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import DatabaseError

    with tempfile.TemporaryDirectory(prefix="mlops-nbgrader-") as folder:
        copy = Path(folder) / file.name
        try:
            with closing(sqlite3.connect(file)) as theirs, closing(sqlite3.connect(copy)) as ours:
                theirs.backup(ours)
                if not ours.execute("SELECT 1 FROM sqlite_master WHERE name = 'submitted_assignment'").fetchone():
                    raise BadInput(f"{file} is not nbgrader's gradebook", "name the course's folder")
            with Gradebook(f"sqlite:///{copy}") as book:
                yield book
        except sqlite3.DatabaseError as error:
            raise BadInput(f"{file} can't be read: {error}", "name the course's folder") from None
        except DatabaseError as error:
            raise BadInput(f"nbgrader can't read {file}: {error.orig}", "bring it up to date: nbgrader db upgrade") from None


def _assigned(folder: Path, row: Any) -> Assigned:
    """An assignment of the database: its points are those that its scores were given under."""
    several = len(row.notebooks) > 1
    graded = [(notebook.name, cell) for notebook in row.notebooks for cell in (*notebook.grade_cells, *notebook.task_cells)]
    by_hand = {(n.name, cell.name) for n in row.notebooks for cell in (*n.task_cells, *n.solution_cells)}
    cells = tuple(
        Cell(_id(notebook, cell.name, several), notebook, cell.max_score, (notebook, cell.name) in by_hand)
        for notebook, cell in graded
    )
    return Assigned(row.name, _utc(row.duedate), cells, _version(_notebooks(folder, row.name), cells))


def _of_source(folder: Path, name: str) -> Assigned:
    """An assignment that was written, and not generated yet."""
    from nbgrader import nbgraderformat

    notebooks = _notebooks(folder, name)
    cells = list[Cell]()
    for file in notebooks:
        try:
            notebook = nbgraderformat.read(str(file), as_version=4)
        except nbgraderformat.SchemaTooOldError:
            raise BadInput(f"{file} has cells of an older schema than 3", f"nbgrader update {file}") from None
        except Exception as error:  # whatever a broken file makes nbgrader's reader raise
            raise BadInput(f"nbgrader can't read {file}: {str(error).splitlines()[0][:200]}", "mend the notebook") from None
        for cell in notebook.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade") or about.get("task"):
                by_hand = bool(about.get("solution") or about.get("task"))
                cell_id = _id(file.stem, about["grade_id"], len(notebooks) > 1)
                cells.append(Cell(cell_id, file.stem, float(about.get("points", 0)), by_hand))
    return Assigned(name, None, tuple(cells), _version(notebooks, tuple(cells)))


def _graded(folder: Path, row: Any) -> Submitted:
    """A submission of the database."""
    several, name, student = len(row.assignment.notebooks) > 1, row.assignment.name, row.student.id
    grades, comments = dict[str, Grade](), list[tuple[str, str]]()
    for notebook in row.notebooks:
        for grade in notebook.grades:
            cell = _id(notebook.name, grade.name, several)
            grades[cell] = Grade(grade.auto_score, grade.manual_score, grade.extra_credit)
        comments += [(_id(notebook.name, c.name, several), c.comment) for c in notebook.comments if c.comment]
    due = _utc(row.duedate) if row.extension is not None and row.assignment.duedate is not None else None
    place = folder / "submitted" / student / name
    return Submitted(
        name, student, _utc(row.timestamp), due, grades, row.late_submission_penalty, tuple(comments),
        place if place.is_dir() else None,
    )  # fmt: skip


def _ungraded(folder: Path, name: str, student: str) -> Submitted:
    """A submission that was collected, and not graded."""
    from nbgrader.utils import parse_utc

    place = folder / "submitted" / student / name
    try:
        received = _utc(parse_utc((place / TIMESTAMP).read_text(encoding="utf-8").strip()))
    except (OSError, ValueError):
        received = None
    return Submitted(name, student, received, None, {}, 0.0, (), place)


def _notebooks(folder: Path, name: str) -> list[Path]:
    """The notebooks that the teacher wrote, or (without them) those that students got."""
    places = [sorted((folder / kind / name).glob("*.ipynb")) for kind in ("source", "release")]
    return next(filter(None, places), [])


def _version(notebooks: list[Path], cells: tuple[Cell, ...]) -> str:
    digest = hashlib.sha256(repr(cells).encode())
    for file in notebooks:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _id(notebook: str, cell: str, several: bool) -> str:
    return f"{notebook}.{cell}" if several else cell


def _folders(place: Path) -> list[str]:
    return sorted(f.name for f in place.iterdir() if f.is_dir() and not f.name.startswith(".")) if place.is_dir() else []


def _utc(moment: datetime | None) -> datetime | None:
    """nbgrader's times are in UTC and don't say so."""
    return None if moment is None else moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
