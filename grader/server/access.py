"""May they? Every route asks here, and gets the row it works on, or an error: 404 for what is not theirs to know of."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.accounts.rules import Action, may
from grader.gradebook.tables import Assignment, Course, Enrolment, Job, Person, Role, Submission
from grader.server.problem import Forbidden, NotFound


def course(session: Session, who: Who, name: str, action: Action) -> Course:
    """The course of this name. Raises NotFound unless they are in it, Forbidden when their role there may not."""
    found = _theirs(session, who, name)
    _demand(who, found.id, action)
    return found


def assignment(session: Session, who: Who, course_name: str, name: str, action: Action) -> Assignment:
    """A course's assignment. Raises as `course` does."""
    of = _theirs(session, who, course_name)
    found = session.scalar(select(Assignment).where(Assignment.course_id == of.id, Assignment.name == name))
    if found is None:
        raise NotFound("assignment")
    _demand(who, of.id, action)
    return found


def submission(session: Session, who: Who, number: int, action: Action) -> tuple[Submission, Assignment]:
    """A submission: their own, or one of a course in which they see all. Raises NotFound, Forbidden."""
    row = session.get(Submission, number)
    asked = session.get_one(Assignment, row.assignment_id) if row is not None else None
    role = who.role(asked.course_id) if asked is not None else None
    if row is None or asked is None or role is None or not (row.person_id == who.person or may(role, "see_class")):
        raise NotFound("submission")
    _demand(who, asked.course_id, action)
    if action == "mark" and row.person_id == who.person and role != "admin":
        raise Forbidden("nobody marks their own work", "ask a colleague")
    return row, asked


def member(session: Session, who: Who, course_name: str, name: str, action: Action) -> tuple[Course, Person]:
    """Somebody who is in a course. Raises NotFound, Forbidden."""
    of = course(session, who, course_name, action)
    query = select(Person).join(Enrolment).where(Enrolment.course_id == of.id, Person.name == name)
    found = session.scalar(query)
    if found is None:
        raise NotFound("person in this course")
    return of, found


def job(session: Session, who: Who, number: int, action: Action) -> Job:
    """A job, by its submission's course. Raises NotFound, Forbidden."""
    row = session.get(Job, number)
    if row is None:
        raise NotFound("job")
    try:
        submission(session, who, row.submission_id, action)
    except NotFound:
        raise NotFound("job") from None
    return row


def sees_class(who: Who, course_id: int) -> bool:
    """Whether they see everybody's work in a course."""
    role = who.role(course_id)
    return role is not None and may(role, "see_class")


def anything(who: Who, action: Action) -> None:
    """Raise Forbidden where a token's scopes don't allow an action anywhere; it shows what is theirs alone."""
    _demand_scope(who, action)


def site(who: Who) -> None:
    """Raise Forbidden unless they are an admin of the whole service."""
    if not who.site_admin:
        raise Forbidden("only an admin of the service may do this", "ask one")
    _demand_scope(who, "manage_site")


def own(who: Who) -> None:
    """Raise Forbidden for a token: passwords and tokens are changed by people."""
    _demand_scope(who, "manage_self")


def role(who: Who, course_id: int) -> Role:
    """Their role in a course that they are known to be in."""
    found = who.role(course_id)
    assert found is not None
    return found


def _theirs(session: Session, who: Who, name: str) -> Course:
    """A course that they are in. Raises NotFound."""
    found = session.scalar(select(Course).where(Course.name == name))
    if found is None or who.role(found.id) is None:
        raise NotFound("course")
    return found


def _demand(who: Who, course_id: int, action: Action) -> None:
    if not may(role(who, course_id), action):
        raise Forbidden(f"a {role(who, course_id)} may not do this", "ask whoever teaches the course")
    _demand_scope(who, action)


def _demand_scope(who: Who, action: Action) -> None:
    if not who.scoped(action):
        raise Forbidden("this token's scopes do not allow it", "sign in, or make a token with more scopes")
