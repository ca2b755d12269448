"""Links that sign somebody in once, and the one that makes the first admin.

The secret stands behind the `#` of the address: browsers send that to no server, so it is in no log and no Referer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from grader.accounts import secret
from grader.accounts.rules import RANK
from grader.errors import BadInput
from grader.gradebook import roster
from grader.gradebook.accounts import Account, SignInLink
from grader.gradebook.tables import Enrolment, Person

LASTS = timedelta(days=2)
SET_UP_LASTS = timedelta(hours=1)
ENDED = "this link is not valid any more: it was used, or is too old"


def make(session: Session, now: datetime, person: Person, by: int | None) -> tuple[str, datetime]:
    """A link's secret for a person, and when it ends."""
    return _made(session, now, person.id, by, LASTS)


def make_set_up(session: Session, now: datetime) -> tuple[str, datetime]:
    """The secret that makes the first admin; earlier ones end. Raises BadInput when there is an admin."""
    demand_no_admin(session)
    unused = (SignInLink.person_id.is_(None), SignInLink.used_at.is_(None))
    session.execute(update(SignInLink).where(*unused).values(used_at=now))
    return _made(session, now, None, None, SET_UP_LASTS)


def redeem(session: Session, now: datetime, given: str) -> int:
    """The person whom a link signs in; it ends by that. Raises BadInput for one that isn't valid."""
    row = _valid(session, now, given)
    if row is None or row.person_id is None:
        raise BadInput(ENDED, "ask for another one")
    row.used_at = now
    return row.person_id


def set_up(session: Session, now: datetime, given: str, name: str, password_hash: str) -> Person:
    """Make the first admin. Raises BadInput for a link that isn't valid, and when there is an admin already."""
    row = _valid(session, now, given)
    if row is None or row.person_id is not None:
        raise BadInput(ENDED, "start the service again: it prints a new one as long as it has no admin")
    demand_no_admin(session)
    row.used_at = now
    person = roster.add_person(session, now, name)
    if session.get(Account, person.id) is not None:
        raise BadInput(f"{name} has an account already", "choose another name")
    session.add(Account(person_id=person.id, password_hash=password_hash, site_admin=True, created_at=now, changed_at=now))
    session.flush()
    return person


def has_admin(session: Session) -> bool:
    """Whether the service has an admin."""
    return bool(session.scalar(select(exists().where(Account.site_admin))))


def demand_no_admin(session: Session) -> None:
    """Raise BadInput when the service is set up."""
    if has_admin(session):
        raise BadInput("this service has an admin already", "sign in")


def may_make_for(session: Session, asker: Person, person: Person) -> bool:
    """Whether who teaches may make a link for somebody: whoever holds it is that person, so it must be nobody who has more
    rights than a grader anywhere, nor part in a course that the asker doesn't teach."""
    account = session.get(Account, person.id)
    taught = select(Enrolment.course_id).where(Enrolment.person_id == asker.id, Enrolment.role.in_(("instructor", "admin")))
    theirs = session.scalars(select(Enrolment).where(Enrolment.person_id == person.id)).all()
    courses = set(session.scalars(taught))
    harmless = all(e.course_id in courses and RANK[e.role] <= RANK["grader"] for e in theirs)  # type: ignore[index]  # held by a CHECK
    return harmless and bool(theirs) and not (account is not None and account.site_admin)


def _made(session: Session, now: datetime, person: int | None, by: int | None, lasts: timedelta) -> tuple[str, datetime]:
    made = secret.new()
    row = SignInLink(
        person_id=person, secret_hash=secret.digest(made), made_by=by, created_at=now, expires_at=now + lasts
    )  # fmt: skip
    session.add(row)
    session.flush()
    return made, row.expires_at


def _valid(session: Session, now: datetime, given: str) -> SignInLink | None:
    """A link that can be used, locked: two who use it at once are one after the other."""
    row = session.scalar(select(SignInLink).where(SignInLink.secret_hash == secret.digest(given)).with_for_update())
    return None if row is None or row.used_at is not None or now > row.expires_at else row
