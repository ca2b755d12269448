"""Sign-ins: opened by a password or a link, recognised by a secret that only the browser keeps, ended by time or by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from grader.accounts import identity, secret
from grader.accounts.identity import By, Who
from grader.gradebook.accounts import Account, SignIn
from grader.gradebook.tables import Person

SEEN = timedelta(minutes=5)
"""A sign-in's use is noted that seldom: reading must not become writing."""


@dataclass(frozen=True)
class Lifetime:
    """How long a sign-in lasts: unused, and at most."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Opened:
    """A new sign-in; its secret is told this once."""

    secret: str
    expires_at: datetime
    who: Who


def find_account(session: Session, name: str) -> tuple[Person, Account | None] | None:
    """Somebody by name or e-mail address, with their account if they have one."""
    by_mail = func.lower(Person.email) == name.strip().lower()
    found = session.scalars(select(Person).where(or_(Person.name == name.strip(), by_mail))).all()
    exact = [p for p in found if p.name == name.strip()] or found
    return (exact[0], session.get(Account, exact[0].id)) if exact else None


def open_for(session: Session, now: datetime, person_id: int, by: By, lifetime: Lifetime) -> Opened:
    """Sign a person in. Sign-ins that have ended are swept away meanwhile."""
    session.execute(delete(SignIn).where(or_(SignIn.expires_at < now, SignIn.seen_at < now - lifetime.idle)))
    made, expires = secret.new(), now + lifetime.longest
    row = SignIn(
        person_id=person_id, secret_hash=secret.digest(made), by=by, created_at=now, seen_at=now, expires_at=expires
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Opened(made, expires, identity.of(session, person_id, by, row.id))


def recognise(session: Session, now: datetime, given: str, lifetime: Lifetime) -> tuple[Who, bool] | None:
    """Who holds this sign-in's secret, and whether it is time to note its use; None when it isn't one, or has ended."""
    row = session.scalar(select(SignIn).where(SignIn.secret_hash == secret.digest(given)))
    if row is None or now > row.expires_at or now - row.seen_at > lifetime.idle:
        return None
    return identity.of(session, row.person_id, row.by, row.id), now - row.seen_at > SEEN  # type: ignore[arg-type]  # held by a CHECK


def note_use(session: Session, now: datetime, number: int) -> None:
    """A sign-in is in use."""
    row = session.get(SignIn, number)
    if row is not None:
        row.seen_at = now


def end(session: Session, number: int) -> None:
    """Sign out."""
    session.execute(delete(SignIn).where(SignIn.id == number))


def end_others(session: Session, person_id: int, but: int | None) -> None:
    """Sign a person out everywhere else."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.id != (but or 0)))
