"""Tables of how people prove who they are. No secret is in them: passwords by argon2, all else by SHA-256."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grader.gradebook.columns import Base, Key, to


class Account(Base):
    """That a person may sign in with a password, or is the whole service's admin."""

    __tablename__ = "account"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str | None]
    site_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class SignIn(Base):
    """A browser, or a command line, in which somebody is signed in: until it ends, is ended, or nobody used it for long."""

    __tablename__ = "sign_in"
    __table_args__ = (CheckConstraint("by IN ('password', 'link', 'oidc')", name="known_by"),)
    id: Mapped[Key]
    person_id: Mapped[int] = to("person")
    secret_hash: Mapped[str] = mapped_column(unique=True)
    by: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OidcIdentity(Base):
    """That somebody of a provider of accounts is this person."""

    __tablename__ = "oidc_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: Mapped[Key]
    person_id: Mapped[int] = to("person")
    issuer: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime]


class ApiToken(Base):
    """A token with which a program acts for a person, within its scopes."""

    __tablename__ = "api_token"
    id: Mapped[Key]
    person_id: Mapped[int] = to("person")
    label: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[str]
    """Words, with a space between."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To some minutes: reading must not become writing."""


class SignInLink(Base):
    """A link that signs a person in, once. Without a person it sets the service up: it makes the first admin."""

    __tablename__ = "sign_in_link"
    id: Mapped[Key]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
