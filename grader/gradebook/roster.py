"""Who is in a course and what is asked of them. Functions work within a caller's session; nothing is committed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook.late import Dates, LatePolicy, NoPenalty, extended, policy
from grader.gradebook.tables import Assignment, Counts, Course, Enrolment, Extension, Kind, Person, Role

NAME = re.compile(r"\w[\w .@+-]{0,63}")
"""What a name may be: it becomes part of a folder's name (as a bundle's student does), so it is no path."""
Row = TypeVar("Row", Course, Person)
Added = TypeVar("Added", Course, Person, Enrolment, Assignment, Extension)


def add_course(session: Session, now: datetime, name: str, title: str) -> Course:
    """A new course. Raises BadInput when there is one of this name, and for a name that can't be."""
    _check_name(name)
    if session.scalar(select(Course).where(Course.name == name)):
        raise BadInput(f"there is a course {name} already", "choose another name")
    return _added(session, Course(name=name, title=title, created_at=now))


def add_person(session: Session, now: datetime, name: str, full_name: str = "", email: str | None = None) -> Person:
    """The person of this name, new or as they are. Their name and e-mail address are brought up to date where given.

    Raises BadInput for an address that is somebody else's, and for a name that can't be.
    """
    _check_name(name)
    owner = session.scalar(select(Person.name).where(Person.email == email, Person.name != name)) if email else None
    if owner is not None:
        raise BadInput(f"{email} is {owner}'s address", "give another one, or none")
    person = session.scalar(select(Person).where(Person.name == name))
    if person is None:
        return _added(session, Person(name=name, full_name=full_name, email=email, created_at=now))
    person.full_name, person.email = full_name or person.full_name, email or person.email
    return person


def enrol(session: Session, now: datetime, course: Course, person: Person, role: Role) -> Enrolment:
    """Give a person a role in a course; one they have becomes the new one. Raises BadInput for an unknown role."""
    if role not in get_args(Role):
        raise BadInput(f"there is no role {role}", f"known: {', '.join(get_args(Role))}")
    found = session.get(Enrolment, (course.id, person.id))
    if found is None:
        return _added(session, Enrolment(course_id=course.id, person_id=person.id, role=role, created_at=now))
    found.role = role
    return found


def assign(
    session: Session, now: datetime, course: Course, name: str, kind: Kind, content: str,
    dates: Dates | None = None, late: LatePolicy | None = None, counts: Counts = "best",
    max_submissions: int | None = None, released_at_once: bool = True,
) -> Assignment:  # fmt: skip
    """A new assignment, or other dates and rules for the one of this name. Raises BadInput for dates out of order, for a
    policy that needs a due date and has none, and for other content under the same name: what was handed in is for that."""
    dates, late = dates or Dates(), late or NoPenalty()
    _check_name(name)
    _check(dates, late)
    found = session.scalar(select(Assignment).where(Assignment.course_id == course.id, Assignment.name == name))
    if found is not None and (found.kind, found.content) != (kind, content):
        raise BadInput(f"assignment {name} is {found.kind} {found.content} already", "choose another name")
    row = found or Assignment(course_id=course.id, name=name, kind=kind, content=content, created_at=now)
    row.opens_at, row.due_at, row.closes_at = dates.opens, dates.due, dates.closes
    row.late_policy, row.counts = late.model_dump_json(), counts
    row.max_submissions, row.released_at_once = max_submissions, released_at_once
    return _added(session, row)


def extend(
    session: Session, now: datetime, assignment: Assignment, person: Person, due: datetime, closes: datetime | None,
    reason: str, by: Person,
) -> Extension:  # fmt: skip
    """Other dates for one person. Raises BadInput where there is no due date to move, or no reason."""
    if assignment.due_at is None:
        raise BadInput(f"assignment {assignment.name} has no due date", "nothing needs to be extended")
    if not reason.strip():
        raise BadInput("an extension needs a reason", "say why")
    row = Extension(
        assignment_id=assignment.id, person_id=person.id, due_at=due, closes_at=closes, reason=reason, given_by=by.id,
        created_at=now,
    )  # fmt: skip
    return _added(session, row)


def course(session: Session, name: str) -> Course:
    """The course of this name. Raises BadInput."""
    return _named(session, Course, name, "course")


def person(session: Session, name: str) -> Person:
    """The person of this name. Raises BadInput."""
    return _named(session, Person, name, "person")


def assignment(session: Session, of: Course, name: str) -> Assignment:
    """The course's assignment of this name. Raises BadInput."""
    found = session.scalar(select(Assignment).where(Assignment.course_id == of.id, Assignment.name == name))
    if found is None:
        known = session.scalars(select(Assignment.name).where(Assignment.course_id == of.id).order_by(Assignment.name))
        raise BadInput(f"course {of.name} has no assignment {name}", f"known: {', '.join(known) or 'none'}")
    return found


def role(session: Session, course_id: int, person_id: int) -> str | None:
    """The person's role in the course; None when they are not in it."""
    found = session.get(Enrolment, (course_id, person_id))
    return found.role if found else None


def dates(session: Session, asked: Assignment, person_id: int) -> Dates:
    """An assignment's dates for one person, with the extension given last."""
    query = select(Extension).where(Extension.assignment_id == asked.id, Extension.person_id == person_id)
    last = session.scalar(query.order_by(Extension.id.desc()).limit(1))
    return own_dates(asked, last)


def own_dates(asked: Assignment, extension: Extension | None) -> Dates:
    """An assignment's dates with an extension."""
    general = Dates(asked.opens_at, asked.due_at, asked.closes_at)
    return extended(general, extension.due_at, extension.closes_at) if extension else general


def late_policy(asked: Assignment) -> LatePolicy:
    """An assignment's late policy."""
    return policy(asked.late_policy)


def _check(dates: Dates, late: LatePolicy) -> None:
    given = [moment for moment in (dates.opens, dates.due, dates.closes) if moment is not None]
    if given != sorted(given):
        raise BadInput("the dates are out of order", "an assignment opens, is due, and closes, in this order")
    if dates.due is None and not isinstance(late, NoPenalty):
        raise BadInput(f"a late policy {late.kind} needs a due date", "give one, or choose the policy none")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(f"{name[:80]!r} can't be a name", "letters, digits, and . @ + - _ or spaces, at most 64")


def _named(session: Session, table: type[Row], name: str, what: str) -> Row:
    found = session.scalar(select(table).where(table.name == name))
    if found is None:
        known: Sequence[str] = session.scalars(select(table.name).order_by(table.name).limit(20)).all()
        raise BadInput(f"there is no {what} {name}", f"known: {', '.join(known) or 'none'}")
    return found


def _added(session: Session, row: Added) -> Added:
    session.add(row)
    session.flush()
    return row
