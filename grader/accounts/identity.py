"""Who is asking: from a sign-in's secret or an API token, with their roles in all courses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts.rules import NEEDS, SCOPES, Action, Scope
from grader.gradebook.accounts import Account
from grader.gradebook.tables import Enrolment, Person, Role

By = Literal["password", "link", "oidc", "token"]


@dataclass(frozen=True)
class Who:
    """The person behind a request, as they were when it came."""

    person: int
    name: str
    full_name: str
    site_admin: bool
    roles: Mapping[int, Role]
    """By course's id."""
    scopes: frozenset[Scope]
    by: By
    sign_in: int | None = None
    """The sign-in, unless it is a token's request."""
    token: int | None = None
    """… and then the token's number."""

    def role(self, course: int) -> Role | None:
        """Their role in a course; the service's admin is every course's, and None is nobody there."""
        return "admin" if self.site_admin else self.roles.get(course)

    def scoped(self, action: Action) -> bool:
        """Whether the way in which they came allows it."""
        return NEEDS[action] in self.scopes if action in NEEDS else self.by != "token"


def of(
    session: Session, person_id: int, by: By, sign_in: int | None = None, scopes: tuple[Scope, ...] = SCOPES,
    token: int | None = None,
) -> Who:  # fmt: skip
    """The person, with their roles as they are now."""
    person, account = session.get_one(Person, person_id), session.get(Account, person_id)
    found = session.execute(select(Enrolment.course_id, Enrolment.role).where(Enrolment.person_id == person_id))
    roles = {course: cast("Role", role) for course, role in found}
    admin = account is not None and account.site_admin
    return Who(person.id, person.name, person.full_name, admin, roles, frozenset(scopes), by, sign_in, token)
