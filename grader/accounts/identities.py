"""Who somebody of a university's accounts is here: by an earlier sign-in, or by an address that the university has verified."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook.accounts import OidcIdentity
from grader.gradebook.tables import Person


def person_of(session: Session, now: datetime, issuer: str, subject: str, email: str | None) -> int:
    """The person. From the first time on it is the subject that counts: an address may become somebody else's.

    Raises BadInput for who is nobody here.
    """
    known = select(OidcIdentity).where(OidcIdentity.issuer == issuer, OidcIdentity.subject == subject)
    found = session.scalar(known)
    if found is not None:
        return found.person_id
    person = session.scalar(select(Person).where(func.lower(Person.email) == email.lower())) if email else None
    if person is None:
        raise BadInput("nobody here has your address", "ask whoever teaches to put it into the course's list")
    taken = select(OidcIdentity.id).where(OidcIdentity.issuer == issuer, OidcIdentity.person_id == person.id)
    if session.scalar(taken) is not None:
        raise BadInput("another account of your university is known under your address", "ask whoever teaches")
    session.add(OidcIdentity(person_id=person.id, issuer=issuer, subject=subject, created_at=now))
    session.flush()
    return person.id
