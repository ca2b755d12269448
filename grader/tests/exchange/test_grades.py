"""Tables of grades: the headings that others look for, each score once, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.plugins.export import CsvExportPlugin

from grader.errors import BadInput
from grader.exchange.grades import export, grades
from grader.gradebook import roster
from grader.gradebook.late import Dates, PerDay
from grader.gradebook.tables import Assignment
from grader.tests.gradebook.small_class import FULL, LAB, MONDAY, Clock, SmallClass
from grader.tests.gradebook.terminal import Terminal


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def late(klass: SmallClass, clock: Clock) -> SmallClass:
    """Ann has everything right, a day late; bob, whose name is a formula, handed in nothing; and there is a quiz."""
    with klass.database.writing() as session:
        roster.add_person(session, MONDAY, "ann", "Ann Maria Miller", "ann@example.org")
        roster.add_person(session, MONDAY, "bob", "=cmd|'/c calc'!A1")
        roster.assign(session, MONDAY, klass.course, "sums", "quiz", "01-adding")
    klass.ask(Dates(due=MONDAY), PerDay(percent=10))
    clock.forward(hours=3)
    klass.graded(klass.ann, FULL)
    return klass


def worth(asked: Assignment) -> float | None:
    return {"quiz": 1.0}.get(asked.kind)


def exported(klass: SmallClass, kind: str) -> list[list[str]]:
    with klass.database.reading() as session:
        return list(csv.reader(export(grades(session, klass.course, worth), kind).splitlines()))


def test_nbgrader(late: SmallClass, tmp_path: Path) -> None:
    """As nbgrader itself heads it; what lateness took is the penalty."""
    CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(SimpleNamespace(assignments=[]))
    header, *rows = exported(late, "nbgrader")
    assert ",".join(header) + "\n" == (tmp_path / "theirs.csv").read_text(encoding="utf-8")
    due, received = "2026-03-02 12:00:00", "2026-03-02 15:00:00"
    assert rows == [
        ["adding", due, received, "ann", "Miller", "Ann Maria", "ann@example.org", "100.0", "10.0", "90.0", "100.0"],
        ["adding", due, "", "bob", "calc'!A1", "'=cmd|'/c", "", "0.0", "0.0", "0.0", "100.0"],
        ["sums", "", "", "ann", "Miller", "Ann Maria", "ann@example.org", "0.0", "0.0", "0.0", "1.0"],
        ["sums", "", "", "bob", "calc'!A1", "'=cmd|'/c", "", "0.0", "0.0", "0.0", "1.0"],
    ]


def test_canvas(late: SmallClass) -> None:
    """The columns of a student end with Section; the second row says what each assignment is worth; no score is no cell."""
    assert exported(late, "canvas") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "adding", "sums"],
        ["    Points Possible", "", "", "", "", "100.0", "1.0"],
        ["Miller, Ann Maria", "", "ann", "ann@example.org", "math", "90.0", ""],
        ["calc'!A1, =cmd|'/c", "", "bob", "bob", "math", "", ""],
    ]


def test_moodle(late: SmallClass) -> None:
    """A column for each activity, under Moodle's name for it."""
    assert exported(late, "moodle") == [
        ["First name", "Last name", "ID number", "Institution", "Department", "Email address", "Assignment: adding",
         "Quiz: sums"],
        ["Ann Maria", "Miller", "ann", "", "", "ann@example.org", "90.00", ""],
        ["'=cmd|'/c", "calc'!A1", "bob", "", "", "", "", ""],
    ]  # fmt: skip


def test_from_a_terminal(late: SmallClass, tmp_path: Path) -> None:
    """To standard output or a file; an attempt's report by its number."""
    admin = Terminal(tmp_path)
    canvas = admin("export", "math", "--as", "canvas")
    assert canvas.splitlines()[0] == "Student,ID,SIS User ID,SIS Login ID,Section,adding,sums"
    assert admin("export", "math", "--as", "canvas", "--out", tmp_path / "g.csv") == f"{tmp_path / 'g.csv'}: 3 row(s)\n"
    assert (tmp_path / "g.csv").read_text(encoding="utf-8") == canvas
    with pytest.raises(BadInput, match=r"there is no export as excel \(known: nbgrader, canvas, moodle\)"):
        admin("export", "math", "--as", "excel")
    report = ("report", "math", "adding", "ann", "--as", f"junit:{tmp_path / 'r.xml'}")
    assert admin(*report) == f"{tmp_path / 'r.xml'}: attempt 1 at submission 1\n"
    assert f'<property name="lab" value="{LAB}" />' in (tmp_path / "r.xml").read_text(encoding="utf-8")
    with pytest.raises(BadInput, match=r"submission 1 has no such attempt \(known: 1\)"):
        admin(*report, "--attempt", 2)
