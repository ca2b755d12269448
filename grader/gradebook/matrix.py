"""The gradebook as a table: each person's score for each assignment, derived when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grader.gradebook import roster
from grader.gradebook.score import Asked, Given, Graded, Score, earned, of_person
from grader.gradebook.tables import (
    Assignment,
    Attempt,
    Course,
    Enrolment,
    Extension,
    Mark,
    Person,
    Receipt,
    Release,
    Submission,
)  # fmt: skip
from grader.result import Result


@dataclass(frozen=True)
class Matrix:
    """A course's students (by name), its assignments (by due date), and the scores that there are."""

    people: Sequence[Person]
    assignments: Sequence[Assignment]
    scores: Mapping[tuple[int, int], Score]
    """By person's and assignment's id."""


def matrix(session: Session, course: Course, released: bool = True) -> Matrix:
    """All scores of a course's students; `released` false counts verdicts that their students can't see yet."""
    people = session.scalars(
        select(Person)
        .join(Enrolment)
        .where(Enrolment.course_id == course.id, Enrolment.role == "student")
        .order_by(Person.name)
    ).all()
    asked = session.scalars(select(Assignment).where(Assignment.course_id == course.id)).all()
    asked = sorted(asked, key=lambda a: (a.due_at is None, a.due_at, a.name))
    graded, moved = _graded(session, course, released), _extensions(session, course)
    scores = {}
    for person in people:
        mine = [
            Asked(
                a.id, roster.own_dates(a, moved.get((person.id, a.id))), roster.late_policy(a), a.counts,
                tuple(graded[person.id, a.id]),
            )
            for a in asked
        ]  # fmt: skip
        scores.update({(person.id, assignment): score for assignment, score in of_person(mine).items()})
    return Matrix(people, asked, scores)


def _graded(session: Session, course: Course, released: bool) -> Mapping[tuple[int, int], list[Graded]]:
    """What was handed in and has a result that counts, by person and assignment."""
    marks = _marks(session, course)
    received = select(
        Receipt.submission_id, func.min(Receipt.received_at).label("first"), func.max(Receipt.received_at).label("last")
    )
    times = received.group_by(Receipt.submission_id).subquery()
    counts = _effective(released).subquery()
    query = (
        select(Submission, Attempt, times.c.first, times.c.last)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(counts, counts.c.submission_id == Submission.id)
        .join(Attempt, Attempt.id == counts.c.id)
        .join(times, times.c.submission_id == Submission.id)
        .where(Assignment.course_id == course.id, counts.c.place == 1)
        .order_by(Submission.id)
    )
    found: defaultdict[tuple[int, int], list[Graded]] = defaultdict(list)
    for submission, attempt, first, last in session.execute(query):
        given = marks.get(submission.id, ())
        points = earned(Result.model_validate_json(attempt.result), given) if given else attempt.earned
        graded = Graded(submission.id, first, last, points, attempt.possible)
        found[submission.person_id, submission.assignment_id].append(graded)
    return found


def _effective(released: bool) -> Select[tuple[int, int, int]]:
    """Verdicts by submission, the one that counts in place 1: as `work.effective` chooses, for all at once."""
    query = select(Attempt.id, Attempt.submission_id).where(~Attempt.ours)
    order = (Release.id.desc(),) if released else (Attempt.number.desc(),)
    if released:
        query = query.join(Release)
    place = func.row_number().over(partition_by=Attempt.submission_id, order_by=order).label("place")
    return query.add_columns(place)


def _marks(session: Session, course: Course) -> Mapping[int, tuple[Given, ...]]:
    query = select(Mark).join(Submission).join(Assignment).where(Assignment.course_id == course.id).order_by(Mark.id)
    found: defaultdict[int, tuple[Given, ...]] = defaultdict(tuple)
    for mark in session.scalars(query):
        found[mark.submission_id] += (Given(mark.check, mark.points),)
    return found


def _extensions(session: Session, course: Course) -> Mapping[tuple[int, int], Extension]:
    """The last one of each person and assignment."""
    query = select(Extension).join(Assignment).where(Assignment.course_id == course.id).order_by(Extension.id)
    return {(e.person_id, e.assignment_id): e for e in session.scalars(query)}
