"""API tokens: what a program shows in place of a person. A token can do what its scopes and its person's role both allow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grader.accounts import identity, secret
from grader.accounts.identity import Who
from grader.accounts.rules import SCOPES, Scope
from grader.errors import BadInput
from grader.gradebook.accounts import ApiToken

PREFIX = "mlops_"
LONGEST = timedelta(days=366)
MOST = 50
USED = timedelta(minutes=5)
"""A token's use is noted that seldom."""


def make(
    session: Session, now: datetime, person_id: int, label: str, scopes: Sequence[Scope], lasts: timedelta
) -> tuple[str, ApiToken]:
    """A new token: the token itself, told this once, and its row. Raises BadInput for what can't be."""
    if not label.strip() or len(label) > 80:
        raise BadInput("a token needs a label of at most 80 characters", "say which program it is for")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadInput("a token needs scopes", f"known: {', '.join(SCOPES)}")
    if not timedelta(0) < lasts <= LONGEST:
        raise BadInput(f"a token lasts 1 to {LONGEST.days} days", "choose another time")
    if len(of(session, now, person_id)) >= MOST:
        raise BadInput(f"{MOST} tokens are in use", "revoke one that isn't needed")
    made = secret.new(PREFIX)
    row = ApiToken(
        person_id=person_id, label=label.strip(), secret_hash=secret.digest(made), created_at=now, expires_at=now + lasts,
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return made, row


def recognise(session: Session, now: datetime, given: str) -> tuple[Who, bool] | None:
    """Who stands behind a token, and whether it is time to note its use; None when it isn't one, has ended, or was revoked."""
    row = session.scalar(select(ApiToken).where(ApiToken.secret_hash == secret.digest(given)))
    if row is None or row.revoked_at is not None or now > row.expires_at:
        return None
    scopes = cast("tuple[Scope, ...]", tuple(row.scopes.split()))
    stale = row.last_used_at is None or now - row.last_used_at > USED
    return identity.of(session, row.person_id, "token", scopes=scopes, token=row.id), stale


def note_use(session: Session, now: datetime, number: int) -> None:
    """A token is in use."""
    session.execute(update(ApiToken).where(ApiToken.id == number).values(last_used_at=now))


def of(session: Session, now: datetime, person_id: int) -> Sequence[ApiToken]:
    """A person's tokens that can be used."""
    valid = (ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    return session.scalars(select(ApiToken).where(ApiToken.person_id == person_id, *valid).order_by(ApiToken.id)).all()


def revoke(session: Session, now: datetime, person_id: int, number: int) -> bool:
    """End a person's token; False when they have none of this number."""
    row = session.get(ApiToken, number)
    if row is None or row.person_id != person_id:
        return False
    row.revoked_at = row.revoked_at or now
    return True


def revoke_all(session: Session, now: datetime, person_id: int) -> None:
    """End all of a person's tokens."""
    session.execute(
        update(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )
