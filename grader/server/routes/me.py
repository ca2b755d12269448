"""Signing in and out, one's own account, and the first admin."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts import accounts, links, sign_ins, tokens
from grader.accounts.identity import Who
from grader.accounts.sign_ins import Opened
from grader.api.objects import (  # fmt: skip
    CourseShown,
    Link,
    Me,
    NewPassword,
    NewToken,
    Password,
    SetUp,
    TokenMade,
    Tokens,
    TokenShown,
)
from grader.gradebook.accounts import Account, ApiToken
from grader.gradebook.tables import Course
from grader.server import access
from grader.server.ids import PREFIX, Number
from grader.server.problem import Forbidden, NotFound, NotSignedIn
from grader.server.service import Here, Service
from grader.server.who import Known, csrf_of, demand_same_site, forget, keep

router = APIRouter(prefix=PREFIX, tags=["me"])


def sign_in(service: Service, request: Request, name: str, password: str) -> Opened:
    """Open a sign-in by password. Raises NotSignedIn (the same for a wrong name as for a wrong password), TooMany."""
    service.limits.sign_in(request, name)
    with service.reading() as (session, _):
        found = sign_ins.find_account(session, name)
    kept = found[1].password_hash if found and found[1] else None
    if not service.passwords.right(kept, password) or found is None:
        raise NotSignedIn("the name or the password is wrong", "try again, or ask whoever teaches for a sign-in link")
    outdated = kept is not None and service.passwords.outdated(kept)
    rehashed = service.passwords.rehash(password) if outdated else None
    with service.writing() as (session, now):
        if rehashed:
            accounts.set_password(session, now, found[0].id, rehashed)
        return sign_ins.open_for(session, now, found[0].id, "password", service.settings.sign_ins)


def sign_in_by_link(service: Service, request: Request, link: str) -> Opened:
    """Open a sign-in by a link, which ends by that. Raises BadInput, TooMany."""
    service.limits.sign_in(request, "")
    with service.writing() as (session, now):
        return sign_ins.open_for(session, now, links.redeem(session, now, link), "link", service.settings.sign_ins)


def set_up(service: Service, request: Request, link: str, name: str, password: str) -> Opened:
    """Make the first admin, and sign them in. Raises BadInput, TooMany."""
    service.limits.sign_in(request, "")
    hashed = service.passwords.hash(password, name)
    with service.writing() as (session, now):
        person = links.set_up(session, now, link, name, hashed)
        return sign_ins.open_for(session, now, person.id, "password", service.settings.sign_ins)


def change_password(service: Service, request: Request, who: Who, asked: NewPassword) -> None:
    """Give oneself another password; ends one's other sign-ins and (unless asked not to) tokens. Raises Forbidden without the
    current one, BadInput."""
    access.own(who)
    service.limits.sign_in(request, who.name)
    with service.reading() as (session, _):
        account = session.get(Account, who.person)
    kept = account.password_hash if account else None
    if kept is not None and who.by != "link" and not service.passwords.right(kept, asked.current):
        raise Forbidden("the current password is wrong", "try again, or ask for a sign-in link")
    hashed = service.passwords.hash(asked.password, who.name)
    with service.writing() as (session, now):
        accounts.set_password(session, now, who.person, hashed)
        sign_ins.end_others(session, who.person, who.sign_in)
        if asked.revoke_tokens:
            tokens.revoke_all(session, now, who.person)


@router.post("/session")
def open_session(service: Here, request: Request, response: Response, asked: Password | Link) -> Me:
    """Sign in; the browser gets a cookie, which no script can read."""
    demand_same_site(request)
    opened = (
        sign_in_by_link(service, request, asked.link)
        if isinstance(asked, Link)
        else sign_in(service, request, asked.name, asked.password)
    )
    return _signed_in(service, response, opened)


@router.delete("/session", status_code=204)
def end_session(service: Here, response: Response, who: Known) -> None:
    """Sign out."""
    access.own(who)
    with service.writing() as (session, _):
        sign_ins.end(session, who.sign_in or 0)
    forget(response, service.settings)


@router.post("/setup")
def first_admin(service: Here, request: Request, response: Response, asked: SetUp) -> Me:
    """Make the first admin, by the secret that the service printed when it started."""
    demand_same_site(request)
    return _signed_in(service, response, set_up(service, request, asked.link, asked.name, asked.password))


@router.get("/me")
def me(service: Here, request: Request, who: Known) -> Me:
    """Who one is, and in which courses."""
    return _me(service, who, csrf_of(request) if who.by != "token" else "")


@router.post("/me/password", status_code=204)
def new_password(service: Here, request: Request, who: Known, asked: NewPassword) -> None:
    """Another password; one is signed out everywhere else, and one's tokens end unless `revoke_tokens` is false."""
    change_password(service, request, who, asked)


@router.get("/me/tokens")
def my_tokens(service: Here, who: Known) -> Tokens:
    """One's API tokens that can be used."""
    access.own(who)
    with service.reading() as (session, now):
        return Tokens(items=tuple(_shown(row) for row in tokens.of(session, now, who.person)))


@router.post("/me/tokens", status_code=201)
def new_token(service: Here, who: Known, asked: NewToken) -> TokenMade:
    """A token for a program. It is shown this once."""
    access.own(who)
    with service.writing() as (session, now):
        made, row = tokens.make(session, now, who.person, asked.label, asked.scopes, timedelta(days=asked.days))
        return TokenMade(**_shown(row).model_dump(), token=made)


@router.delete("/me/tokens/{token}", status_code=204)
def revoke_token(service: Here, who: Known, token: Number) -> None:
    """End a token."""
    access.own(who)
    with service.writing() as (session, now):
        if not tokens.revoke(session, now, who.person, token):
            raise NotFound("token")


@router.delete("/token", status_code=204)
def revoke_own_token(service: Here, who: Known) -> None:
    """End the token that this very request carries."""
    if who.token is None:
        raise NotFound("token in this request")
    with service.writing() as (session, now):
        tokens.revoke(session, now, who.person, who.token)


def _signed_in(service: Service, response: Response, opened: Opened) -> Me:
    keep(response, opened, service.settings)
    return _me(service, opened.who, csrf_of(opened.secret))


def _me(service: Service, who: Who, csrf: str) -> Me:
    with service.reading() as (session, _):
        courses = my_courses(session, who)
    return Me(
        name=who.name, full_name=who.full_name, site_admin=who.site_admin, by=who.by,
        scopes=tuple(sorted(who.scopes)), courses=courses, csrf_token=csrf,
    )  # fmt: skip


def my_courses(session: Session, who: Who, after: str = "", limit: int = 100) -> tuple[CourseShown, ...]:
    """The courses that somebody is in, by name; for the service's admin, all of them."""
    query = select(Course).where(Course.name > after).order_by(Course.name).limit(limit)
    if not who.site_admin:
        query = query.where(Course.id.in_(who.roles))
    return tuple(CourseShown(name=c.name, title=c.title, role=access.role(who, c.id)) for c in session.scalars(query))


def _shown(row: ApiToken) -> TokenShown:
    return TokenShown(
        id=row.id, label=row.label, scopes=row.scopes.split(), created_at=row.created_at, expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )  # fmt: skip
