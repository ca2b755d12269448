"""Courses, the people in them, and what is asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts import links
from grader.accounts.identity import Who
from grader.accounts.rules import may_appoint
from grader.api.assignments import Assignments, AssignmentSet, AssignmentShown
from grader.api.objects import Courses, CourseShown, Enrol, LinkMade, Moved, NewCourse, People, PersonShown, Role
from grader.gradebook import roster, work
from grader.gradebook.late import Dates, accepts
from grader.gradebook.tables import Assignment, Course, Enrolment, Person
from grader.queue.intake import kind_of
from grader.server import access
from grader.server.ids import PREFIX, AfterName, AssignmentName, CourseName, Limit, PersonName
from grader.server.problem import Forbidden
from grader.server.routes.me import my_courses
from grader.server.service import Here
from grader.server.who import Known

router = APIRouter(prefix=PREFIX, tags=["courses"])


@router.get("/courses")
def list_courses(service: Here, who: Known, after: AfterName = "", limit: Limit = 50) -> Courses:
    """The courses that one is in, by name."""
    access.anything(who, "see_course")
    with service.reading() as (session, _):
        found = my_courses(session, who, after, limit + 1)
    return Courses(items=found[:limit], next=found[limit - 1].name if len(found) > limit else None)


@router.post("/courses", status_code=201)
def add_course(service: Here, who: Known, asked: NewCourse) -> CourseShown:
    """A new course; whoever makes it is its admin."""
    access.site(who)
    with service.writing() as (session, now):
        made = roster.add_course(session, now, asked.name, asked.title)
        roster.enrol(session, now, made, session.get_one(Person, who.person), "admin")
        return CourseShown(name=made.name, title=made.title, role="admin")


@router.get("/courses/{course}")
def show_course(service: Here, who: Known, course: CourseName) -> CourseShown:
    """A course that one is in."""
    with service.reading() as (session, _):
        found = access.course(session, who, course, "see_course")
        return CourseShown(name=found.name, title=found.title, role=access.role(who, found.id))


@router.get("/courses/{course}/people")
def people(service: Here, who: Known, course: CourseName, after: AfterName = "", limit: Limit = 100) -> People:
    """Who is in a course, by name."""
    with service.reading() as (session, _):
        of = access.course(session, who, course, "see_class")
        query = select(Person, Enrolment.role).join(Enrolment).where(Enrolment.course_id == of.id, Person.name > after)
        rows = session.execute(query.order_by(Person.name).limit(limit + 1)).all()
    items = tuple(_person(person, role) for person, role in rows[:limit])
    return People(items=items, next=items[-1].name if len(rows) > limit else None)


@router.put("/courses/{course}/people/{person}")
def enrol(service: Here, who: Known, course: CourseName, person: PersonName, asked: Enrol) -> PersonShown:
    """Put somebody in a course, or give them another role. An instructor appoints students and graders, an admin anybody.
    What is known of somebody from elsewhere stays as it is, and takes their address to enrol them."""
    with service.writing() as (session, now):
        return enrolled(session, now, who, access.course(session, who, course, "manage_people"), person, asked)


@router.post("/courses/{course}/people/{person}/link", status_code=201)
def sign_in_link(service: Here, who: Known, course: CourseName, person: PersonName) -> LinkMade:
    """A link that signs somebody in, once: give it to them, and to nobody else."""
    with service.writing() as (session, now):
        _, found = access.member(session, who, course, person, "manage_people")
        if not _theirs(session, who, found):
            raise Forbidden(f"{person} has rights outside your courses", "ask an admin of the service for the link")
        made, ends = links.make(session, now, found, who.person)
    return LinkMade(link=f"{service.settings.public_url}/sign-in#{made}", expires_at=ends)


@router.get("/courses/{course}/assignments")
def list_assignments(service: Here, who: Known, course: CourseName) -> Assignments:
    """What a course asks for, by due date, as it is for oneself."""
    with service.reading() as (session, now):
        of = access.course(session, who, course, "see_course")
        found = session.scalars(select(Assignment).where(Assignment.course_id == of.id)).all()
        asked = sorted(found, key=lambda a: (a.due_at is None, a.due_at, a.name))
        return Assignments(items=tuple(shown(session, now, who, one) for one in asked))


@router.get("/courses/{course}/assignments/{assignment}")
def show_assignment(service: Here, who: Known, course: CourseName, assignment: AssignmentName) -> AssignmentShown:
    """An assignment, as it is for oneself."""
    with service.reading() as (session, now):
        return shown(session, now, who, access.assignment(session, who, course, assignment, "see_course"))


@router.put("/courses/{course}/assignments/{assignment}")
def assign(service: Here, who: Known, course: CourseName, assignment: AssignmentName, asked: AssignmentSet) -> AssignmentShown:
    """Ask for a lab, a milestone or a quiz, or set all dates and rules anew."""
    with service.writing() as (session, now):
        of = access.course(session, who, course, "manage_assignments")
        kind, content = kind_of(service.content, asked.lab, asked.quiz)
        made = roster.assign(
            session, now, of, assignment, kind, content, Dates(asked.opens_at, asked.due_at, asked.closes_at),
            asked.late_policy, asked.counts, asked.max_submissions, asked.released_at_once,
        )  # fmt: skip
        return shown(session, now, who, made)


@router.post("/courses/{course}/assignments/{assignment}/extensions/{person}", status_code=204)
def extend(service: Here, who: Known, course: CourseName, assignment: AssignmentName, person: PersonName, asked: Moved) -> None:
    """Other dates for one person; they never take time away."""
    with service.writing() as (session, now):
        row = access.assignment(session, who, course, assignment, "manage_assignments")
        _, whose = access.member(session, who, course, person, "manage_assignments")
        by = session.get_one(Person, who.person)
        roster.extend(session, now, row, whose, asked.due_at, asked.closes_at, asked.reason, by)


def enrolled(session: Session, now: datetime, who: Who, of: Course, name: str, asked: Enrol) -> PersonShown:
    """Somebody, in a course whose people one manages. Raises Forbidden for a role that isn't one's to give, and for somebody
    from elsewhere whom one doesn't know; BadInput for an address that is somebody else's. Then nothing was written."""
    known = session.scalar(select(Person).where(Person.name == name))
    old = cast("Role | None", roster.role(session, of.id, known.id)) if known else None
    if not may_appoint(access.role(who, of.id), old, asked.role):
        raise Forbidden(f"you may not give or take the role of {asked.role} here", "ask an admin of the course")
    if known is not None and not _theirs(session, who, known):
        if old is None or asked.email is not None:
            _demand_acquaintance(known, asked)
        found = known
    else:
        found = roster.add_person(session, now, name, asked.full_name, asked.email)
    roster.enrol(session, now, of, found, asked.role)
    return _person(found, asked.role)


def shown(session: Session, now: datetime, who: Who, asked: Assignment) -> AssignmentShown:
    """An assignment as it is for somebody: their own dates, what they have left."""
    dates, late = roster.dates(session, asked, who.person), roster.late_policy(asked)
    why_not = accepts(dates, late, now)
    left = work.left(session, asked, session.get_one(Person, who.person))
    return AssignmentShown(
        name=asked.name, kind=asked.kind, content=asked.content, opens_at=dates.opens, due_at=dates.due,
        closes_at=dates.closes, late_policy=late, counts=asked.counts, max_submissions=asked.max_submissions, left=left,
        released_at_once=asked.released_at_once, revealed=work.revealed(session, asked), takes_work=not why_not and left != 0,
        why_not=why_not or ("no submission is left" if left == 0 else ""),
    )  # fmt: skip


def _person(person: Person, role: str) -> PersonShown:
    return PersonShown(name=person.name, full_name=person.full_name, email=person.email, role=cast("Role", role))


def _demand_acquaintance(known: Person, asked: Enrol) -> None:
    """Raise Forbidden unless who teaches knows the address of somebody from elsewhere: else a guessed name would tell it.
    What is known of them stays as it is."""
    if (asked.email or "").lower() != (known.email or "").lower():
        raise Forbidden(
            f"there is a {known.name} outside your courses already",
            "give the address by which they are known here, or choose another name",
        )


def _theirs(session: Session, who: Who, person: Person) -> bool:
    """Whether a person's account is in the asker's hand."""
    return who.site_admin or links.may_make_for(session, session.get_one(Person, who.person), person)
