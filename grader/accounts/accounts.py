"""Accounts: a person's password, and who is the service's admin."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grader.gradebook.accounts import Account


def set_password(session: Session, now: datetime, person_id: int, password_hash: str) -> None:
    """Give a person this password from now on."""
    account = _account(session, now, person_id)
    account.password_hash, account.changed_at = password_hash, now


def appoint(session: Session, now: datetime, person_id: int) -> None:
    """Make a person an admin of the whole service."""
    account = _account(session, now, person_id)
    account.site_admin, account.changed_at = True, now


def _account(session: Session, now: datetime, person_id: int) -> Account:
    found = session.get(Account, person_id)
    if found is None:
        found = Account(person_id=person_id, password_hash=None, site_admin=False, created_at=now, changed_at=now)
        session.add(found)
        session.flush()
    return found
