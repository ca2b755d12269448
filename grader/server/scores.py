"""A course's scores: a page of rows, one's own row, and all of it as CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.api.submissions import Gradebook, Row, ScoreShown
from grader.gradebook import work
from grader.gradebook.matrix import Matrix, matrix
from grader.gradebook.score import Score
from grader.gradebook.tables import Assignment, Course, Person
from grader.server.problem import NotFound
from grader.server.shown import Shown

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def page(session: Session, of: Course, released: bool, after: str, limit: int) -> Gradebook:
    """Some students' scores, for who teaches."""
    found = matrix(session, of, released)
    rest = [p for p in found.people if p.name > after]
    rows = tuple(_row(found, person, found.assignments) for person in rest[:limit])
    return Gradebook(
        assignments=tuple(a.name for a in found.assignments), items=rows, next=rows[-1].student if len(rest) > limit else None
    )


def own(session: Session, who: Who, of: Course, shown: Shown) -> Row:
    """A student's own row: what is released, and of assignments with hidden checks nothing before these are revealed.
    Raises NotFound for who is no student."""
    found = matrix(session, of)
    me = next((p for p in found.people if p.id == who.person), None)
    if me is None:
        raise NotFound("student in this course")
    held = {a.id for a in found.assignments if shown.holds_back(a, work.revealed(session, a))}
    return _row(found, me, found.assignments, frozenset(held))


def as_csv(session: Session, of: Course, released: bool) -> str:
    """All students' points; empty where there is no score."""
    found, out = matrix(session, of, released), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["student", "full_name", "email", *(plain(a.name) for a in found.assignments), "total"])
    for person in found.people:
        row = _row(found, person, found.assignments)
        points = ["" if s.points is None else f"{s.points:g}" for s in row.scores]
        writer.writerow([plain(person.name), plain(person.full_name), plain(person.email or ""), *points, f"{row.total:g}"])
    return out.getvalue()


def plain(text: str) -> str:
    """A text that a spreadsheet shows and doesn't compute."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def _row(found: Matrix, person: Person, asked: Sequence[Assignment], held: frozenset[int] = frozenset()) -> Row:
    scores = tuple(_score(a, found.scores.get((person.id, a.id)), a.id in held) for a in asked)
    total = round(sum(s.points or 0.0 for s in scores), 2)
    return Row(student=person.name, full_name=person.full_name, scores=scores, total=total)


def _score(asked: Assignment, score: Score | None, held: bool) -> ScoreShown:
    if score is None:
        return ScoreShown(assignment=asked.name)
    if held:
        return ScoreShown(assignment=asked.name, submission=score.submission, days_late=score.days_late, held_back=True)
    return ScoreShown(
        assignment=asked.name, submission=score.submission, points=score.points, earned=score.earned, possible=score.possible,
        days_late=score.days_late, share=score.share,
    )  # fmt: skip
