"""The class of a run: who hands in what, and the points by check that each submission deserves."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import nbformat

from grader.accounts import tokens
from grader.bench.classroom import RIGHT, students
from grader.course.tree import Course
from grader.gradebook import migrate, roster
from grader.gradebook.database import Database
from grader.grading.sealed import bundle
from grader.grading.submission import Submission

COURSE, ASSIGNMENT, LAB = "kills", "overview", "00-overview"
PATTERN = (RIGHT, "mean-of-the-rates", RIGHT, "every-blank-charge-is-0")
STUDENTS = 30
LIMIT = 10_000


def hand_out(folder: Path, content: Course, submissions: int) -> dict[int, dict[str, float]]:
    """Write what is handed in, sealed, as `folder`/work/<number>.zip; returns the points by check of each number."""
    lab, deserved = content.lab(LAB), dict[int, dict[str, float]]()
    (folder / "work").mkdir()
    for number, student in enumerate(students(lab, PATTERN, submissions)):
        sealed = bundle(lab, Submission(student.name, None, nbformat.writes(student.notebook).encode()))
        work(folder, number).write_bytes(sealed)
        deserved[number] = student.deserves
    return deserved


def work(folder: Path, number: int) -> Path:
    """Where the so manieth submission lies."""
    return folder / "work" / f"{number}.zip"


def enrol(folder: Path, database: Database) -> None:
    """Make the tables, the course, its assignment and people; their tokens go to `folder`/tokens.json."""
    migrate.upgrade(database)
    known = []
    with database.writing() as session:
        now = database.now(session)
        course = roster.add_course(session, now, COURSE, "Kills")
        roster.assign(session, now, course, ASSIGNMENT, "lab", LAB, max_submissions=LIMIT)
        for number in range(STUDENTS):
            person = roster.add_person(session, now, f"s{number}")
            roster.enrol(session, now, course, person, "student")
            known.append(tokens.make(session, now, person.id, "bench", ["submit", "read"], timedelta(days=1))[0])
    (folder / "tokens.json").write_text(json.dumps(known))


def tokens_of(folder: Path) -> list[str]:
    """The token of each student."""
    return list(json.loads((folder / "tokens.json").read_text()))
