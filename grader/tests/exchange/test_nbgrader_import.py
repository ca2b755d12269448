"""A course that nbgrader made, brought into the gradebook: its sums are nbgrader's own, and nothing comes in twice."""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.plugins.export import CsvExportPlugin
from sqlalchemy import select

from grader.course.tree import Course
from grader.errors import BadInput
from grader.exchange.grades import export, grades
from grader.exchange.nbgrader_course import Cell, read
from grader.exchange.nbgrader_import import Tally, bring, pack
from grader.gradebook import roster, work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.matrix import matrix
from grader.gradebook.tables import Assignment, Comment, Mark, Person, Submission
from grader.result import Result
from grader.tests.exchange import nbgrader_class as theirs
from grader.tests.gradebook.small_class import MONDAY, SmallClass
from grader.tests.gradebook.terminal import Terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: nbgrader takes its time."""
    return theirs.make(tmp_path_factory.mktemp("nbgrader") / "math")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy to work on, in which a person has looked at bob's: 1.5 for the essay, 0.5 on top, 1 off for lateness."""
    shutil.copytree(made, tmp_path / "class")
    theirs.look_at(tmp_path / "class", "bob", 1.5, 0.5, 1.0, "Say why.")
    return tmp_path / "class"


def brought(klass: SmallClass, folder: Path, small: Course) -> Tally:
    found, blobs = read(folder), FolderBlobs(folder / "blobs")
    kept = pack(small, found, blobs)
    with klass.database.writing() as session:
        return bring(session, klass.clock.time, klass.course, found, kept, klass.tess)


def points(klass: SmallClass) -> dict[str, tuple[float, float]]:
    """By person: what they have for the imported assignment, of how much."""
    with klass.database.reading() as session:
        found = matrix(session, klass.course)
        [asked] = [a for a in found.assignments if a.name == theirs.NAME]
        mine = {person.name: found.scores.get((person.id, asked.id)) for person in found.people}
    return {name: (score.points, score.possible) for name, score in mine.items() if score}


def test_what_nbgrader_made_is_read(folder: Path) -> None:
    """Roster, cells, hand-ins, grades and comments, in UTC."""
    found = read(folder)
    assert [(s.name, s.full_name, s.email) for s in found.students] == [
        ("bob", "Bob", "bob@x.org"),
        ("ann", "Ann Able", "ann@x.org"),
    ]
    [asked] = found.assignments
    assert (asked.name, asked.due, sorted(asked.cells, key=lambda c: c.id)) == (
        theirs.NAME,
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        [Cell("drawing", "ps1", 1, True), Cell("essay", "ps1", 2, True), Cell("test-square", "ps1", 3, False)],
    )
    told = {s.student: (s.received, s.due, s.penalty, s.comments) for s in found.submissions}
    assert told == {
        "ann": (datetime(2026, 2, 27, 10, tzinfo=UTC), None, 0.0, ()),
        "bob": (datetime(2026, 3, 4, 10, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC), 1.0, (("essay", "Say why."),)),
    }


def test_scores_are_nbgraders(klass: SmallClass, folder: Path, small: Course, tmp_path: Path) -> None:
    """By its own export (in which the penalty, a mark here, is told apart); what people gave is a mark, with who and why."""
    assert brought(klass, folder, small) == Tally(
        students=0, assignments=1, submissions=2, attempts=2, marks=3, comments=1, extensions=1
    )
    assert points(klass) == {"ann": (3.0, 6.0), "bob": (1.0, 6.0)}
    with theirs.book(folder) as book:
        CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(book)
    header, *rows = (tmp_path / "theirs.csv").read_text(encoding="utf-8").splitlines()
    with klass.database.reading() as session:
        ours = export(grades(session, klass.course, lambda _: None), "nbgrader").splitlines()
        said = session.execute(
            select(Mark.check, Mark.points, Mark.reason, Person.name).join(Person, Mark.given_by == Person.id)
        )
        assert sorted(map(tuple, said)) == [
            ("", -1.0, "imported from nbgrader", "tess"),
            ("essay", 1.5, "imported from nbgrader", "tess"),
            ("test-square", 0.5, "imported from nbgrader", "tess"),
        ]
        assert [tuple(row) for row in session.execute(select(Comment.check, Comment.words))] == [("essay", "Say why.")]
    keys = header.split(",")
    named = ("student_id", "timestamp", "duedate", "score", "max_score", "first_name", "last_name", "email")
    columns = [keys.index(name) for name in named]
    assert ours[0] == header
    assert sorted([row.split(",")[c] for c in columns] for row in ours[1:] if row.startswith("ps1,")) == sorted(
        [row.split(",")[c] for c in columns] for row in rows
    )


def test_what_was_handed_in_is_kept(klass: SmallClass, folder: Path, small: Course) -> None:
    """The very files, and the attempt says what each cell's tests said."""
    brought(klass, folder, small)
    with klass.database.reading() as session:
        asked = roster.assignment(session, klass.course, theirs.NAME)
        row = work.the_submission(session, asked, klass.bob)
        found = work.effective(session, row.id)
    assert found is not None
    result = Result.model_validate_json(found.result)
    checks = {c.id: (c.status, c.earned, c.possible) for c in result.checks}
    assert checks == {"test-square": ("failed", 0, 3), "essay": ("not_run", 0, 2), "drawing": ("not_run", 0, 1)}
    assert (found.worker, found.image, found.reason, found.requested_by) == (
        "nbgrader", "nbgrader", "imported from nbgrader", klass.tess.id,
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(FolderBlobs(folder / "blobs").get(row.blob))) as archive:
        place = folder / "submitted" / "bob" / theirs.NAME / theirs.NOTEBOOK
        assert {name: archive.read(name) for name in archive.namelist()} == {theirs.NOTEBOOK: place.read_bytes()}


def test_again_brings_what_has_changed(klass: SmallClass, folder: Path, small: Course) -> None:
    """Nothing twice; a new mark and a new hand-in are further rows; what was marked here since holds."""
    brought(klass, folder, small)
    assert brought(klass, folder, small) == Tally()
    theirs.look_at(folder, "bob", 2.0, 0.5, 1.0, "Say why.")
    assert brought(klass, folder, small) == Tally(marks=1)
    assert points(klass)["bob"] == (1.5, 6.0)
    with klass.database.writing() as session:
        bobs = session.scalars(select(Submission).join(Assignment).where(Submission.person_id == klass.bob.id)).one()
        work.mark(session, MONDAY, bobs, "essay", 1.0, "on a second look", klass.tess)
    theirs.look_at(folder, "bob", 1.0, 0.0, 0.0, "Say why, please.")
    assert brought(klass, folder, small) == Tally(marks=2, comments=1)
    assert points(klass)["bob"] == (1.0, 6.0)


def test_what_waits_and_what_is_only_written(klass: SmallClass, folder: Path, small: Course) -> None:
    """A hand-in that nbgrader has not graded has no attempt; an assignment that only has a source has its cells."""
    shutil.copytree(folder / "source" / theirs.NAME, folder / "source" / "ps2")
    shutil.copytree(folder / "submitted" / "ann" / theirs.NAME, folder / "submitted" / "ann" / "ps2")
    assert [len(a.cells) for a in read(folder).assignments] == [3, 3]
    assert brought(klass, folder, small) == Tally(
        students=0, assignments=2, submissions=3, attempts=2, marks=3, comments=1, extensions=1
    )
    with klass.database.reading() as session:
        waits = work.the_submission(session, roster.assignment(session, klass.course, "ps2"), klass.ann)
        assert list(work.attempts(session, waits.id)) == []


def test_what_is_no_course_is_refused(folder: Path, tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(BadInput, match=r"is no nbgrader course: it has no gradebook\.db"):
        read(tmp_path)
    (tmp_path / "gradebook.db").write_bytes(b"no database at all, but long enough to be looked at as one" * 40)
    with pytest.raises(BadInput, match="can't be read: file is not a database"):
        read(tmp_path)
    (folder / "source" / "ps3").mkdir()
    (folder / "source" / "ps3" / "x.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(BadInput, match=r"nbgrader can't read .*x\.ipynb"):
        read(folder)


def test_from_a_terminal(folder: Path, tmp_path: Path) -> None:
    """Into an empty gradebook: the course is made, and whoever brings it in teaches it."""
    admin = Terminal(tmp_path / "home")
    admin("init")
    assert admin("import", "nbgrader", folder, "--by", "tess", "--course", "math-2026") == (
        "course math-2026: 2 students, 1 assignments, 2 submissions, 2 attempts, 3 marks, 1 comments, 1 extensions added\n"
    )
    assert admin("scores", "math-2026") == "student\tps1\nann\t3\nbob\t1\n"
