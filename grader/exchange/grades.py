"""A course's scores as the CSV files that nbgrader, Canvas and Moodle know, with their own headings.

- nbgrader: what `nbgrader export` writes (nbgrader 0.9.6, nbgrader/plugins/export.py): a row for each student and assignment.
- Canvas: what its gradebook imports (canvas-lms, lib/gradebook_importer.rb): the columns of a student, of which the last is
  Section, then one for each assignment; the row after the headings begins with "Points Possible". Who has no ID is found by
  SIS User ID, SIS Login ID or name.
- Moodle: what its gradebook exports and imports (moodle, grade/export/txt/grade_export_txt.php and
  grade/import/csv/tests/load_data_test.php; docs.moodle.org, "Grade import"): the profile's fields, then one column for each
  activity, called as Moodle calls it: "Assignment: name". On import, map from "Email address" or "ID number".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook.matrix import Matrix, matrix
from grader.gradebook.score import Score
from grader.gradebook.tables import Assignment, Course, Person, Receipt

Format = Literal["nbgrader", "canvas", "moodle"]
Row = Sequence[object]
Worth = Callable[[Assignment], float | None]
"""What an assignment is worth by the content; None for one that the content doesn't have."""
NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "    Points Possible"
MOODLE = ("First name", "Last name", "ID number", "Institution", "Department", "Email address")
ACTIVITIES = {"quiz": "Quiz"}
"""What Moodle calls an activity of ours; all others are assignments to it."""
COMMANDS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True)
class Grades:
    """A course's scores, with all that an export says beside them."""

    course: Course
    matrix: Matrix
    worth: Mapping[int, float | None]
    """Of each assignment: its points, by its number."""
    received: Mapping[int, datetime]
    """Of each submission: when it came first, by its number."""

    def score(self, person: Person, asked: Assignment) -> Score | None:
        """What a person has for an assignment."""
        return self.matrix.scores.get((person.id, asked.id))


def grades(session: Session, course: Course, worth: Worth, released: bool = True) -> Grades:
    """All scores of a course. An assignment that the content doesn't know is worth what its results say."""
    found = matrix(session, course, released)
    results = {asked: score.possible for (_, asked), score in found.scores.items()}
    points = {asked.id: results.get(asked.id, worth(asked)) for asked in found.assignments}
    shown = [score.submission for score in found.scores.values()]
    first = select(Receipt.submission_id, func.min(Receipt.received_at)).where(Receipt.submission_id.in_(shown))
    times = {row[0]: row[1] for row in session.execute(first.group_by(Receipt.submission_id))}
    return Grades(course, found, points, times)


def export(found: Grades, kind: str) -> str:
    """The file's text. Raises BadInput for a format that there is none of."""
    if kind not in get_args(Format):
        raise BadInput(f"there is no export as {kind}", f"known: {', '.join(get_args(Format))}")
    rows = {"nbgrader": _nbgrader, "canvas": _canvas, "moodle": _moodle}[kind](found)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _nbgrader(found: Grades) -> Iterator[Row]:
    """As nbgrader, who hands in nothing has 0 points; times are in UTC and don't say so."""
    yield NBGRADER
    for asked in found.matrix.assignments:
        for person in found.matrix.people:
            score, (first, last) = found.score(person, asked), _names(person)
            received = found.received.get(score.submission) if score else None
            earned, points = (score.earned, score.points) if score else (0.0, 0.0)
            yield (
                asked.name, _naive(asked.due_at), _naive(received), person.name, last, first, person.email or "", earned,
                round(earned - points, 2), points, _known(found.worth[asked.id]),
            )  # fmt: skip


def _canvas(found: Grades) -> Iterator[Row]:
    """A cell without a score is empty: Canvas leaves alone what it has there."""
    assignments = found.matrix.assignments
    yield *CANVAS, *(asked.name for asked in assignments)
    yield POINTS_POSSIBLE, "", "", "", "", *(_known(found.worth[asked.id]) for asked in assignments)
    for person in found.matrix.people:
        first, last = _names(person)
        student = f"{last}, {first}" if last else first or person.name
        scores = (found.score(person, asked) for asked in assignments)
        points = (score.points if score else "" for score in scores)
        yield student, "", person.name, person.email or person.name, found.course.name, *points


def _moodle(found: Grades) -> Iterator[Row]:
    """A cell without a score is empty: Moodle gives no grade for it."""
    assignments = found.matrix.assignments
    yield *MOODLE, *(f"{ACTIVITIES.get(asked.kind, 'Assignment')}: {asked.name}" for asked in assignments)
    for person in found.matrix.people:
        first, last = _names(person)
        scores = (found.score(person, asked) for asked in assignments)
        yield first, last, person.name, "", "", person.email or "", *(f"{s.points:.2f}" if s else "" for s in scores)


def _names(person: Person) -> tuple[str, str]:
    """First and last name: the last word of a full name is the last one; a single word is a first name."""
    first, _, last = person.full_name.strip().rpartition(" ")
    return (first, last) if first else (last, "")


def _naive(moment: datetime | None) -> str:
    return "" if moment is None else str(moment.replace(tzinfo=None, microsecond=0))


def _known(points: float | None) -> object:
    return "" if points is None else points


def _cell(value: object) -> object:
    """A text that a spreadsheet would run gets an apostrophe before it: names and titles are other people's words."""
    return f"'{value}" if isinstance(value, str) and value.startswith(COMMANDS) else value
