"""Who is asking: by the sign-in's cookie or a bearer token. A browser's change needs the sign-in's CSRF token, too."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from grader.accounts import secret, sign_ins, tokens
from grader.accounts.identity import Who
from grader.accounts.sign_ins import Opened
from grader.gradebook.database import DatabaseUnavailable
from grader.server.problem import Forbidden, NotSignedIn
from grader.server.service import Service, of
from grader.server.settings import Settings

SAFE = ("GET", "HEAD", "OPTIONS")
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf_token"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def maybe(request: Request) -> Who | None:
    """Who asks; None when nobody is signed in. Raises NotSignedIn for a token or a sign-in that is not valid (any more)
    where one was sent as a token, and Forbidden for a change that another site's page may have caused."""
    service = of(request)
    who = await run_in_threadpool(_identify, service, request)
    service.limits.request(request, who.person if who else None)
    if request.method not in SAFE:
        demand_same_site(request)
        if who is not None and who.by != "token":
            await _demand_csrf(request)
    request.state.who = who
    return who


async def known(who: Annotated[Who | None, Depends(maybe)]) -> Who:
    """Who asks. Raises NotSignedIn."""
    if who is None:
        raise NotSignedIn("nobody is signed in")
    return who


Maybe = Annotated[Who | None, Depends(maybe)]
Known = Annotated[Who, Depends(known)]


def csrf_of(request: Request | str) -> str:
    """What a page puts into its forms (`csrf_token`) and its scripts' headers (`X-CSRF-Token`), by the request's sign-in or a
    sign-in's secret; "" when nobody is signed in."""
    given = request if isinstance(request, str) else request.cookies.get(cookie_name(of(request).settings), "")
    return secret.derived(given, "csrf") if given else ""


def keep(response: Response, opened: Opened, settings: Settings) -> None:
    """Give the browser its sign-in: no script reads it, no other site's page sends it."""
    response.set_cookie(
        cookie_name(settings), opened.secret, max_age=int(settings.sign_ins.longest.total_seconds()), path="/",
        secure=settings.secure, httponly=True, samesite="lax",
    )  # fmt: skip


def forget(response: Response, settings: Settings) -> None:
    """Take the sign-in from the browser."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.secure, httponly=True, samesite="lax")


def cookie_name(settings: Settings) -> str:
    """With https one that no other host can have set."""
    return "__Host-mlops" if settings.secure else "mlops"


def demand_same_site(request: Request) -> None:
    """Raise Forbidden for a change that a browser says comes from another site. Programs say nothing of the kind."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        raise Forbidden("this request comes from another site's page", "open this service's own page")
    if origin is not None and urlsplit(origin).netloc not in (request.headers.get("host"), _public(request)):
        raise Forbidden("this request comes from another site's page", "open this service's own page")


def _public(request: Request) -> str | None:
    return urlsplit(of(request).settings.public_url).netloc or None


def _identify(service: Service, request: Request) -> Who | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    given = request.cookies.get(cookie_name(service.settings), "")
    if kind.lower() == "bearer":
        with service.reading() as (session, now):
            found = tokens.recognise(session, now, token.strip())
        if found is None:
            raise NotSignedIn("this token is not valid: it has ended, was revoked, or never was one", "mlops login URL")
    elif given:
        with service.reading() as (session, now):
            found = sign_ins.recognise(session, now, given, service.settings.sign_ins)
    else:
        found = None
    if found is None:
        return None
    who, stale = found
    if stale:
        _note_use(service, who)
    return who


def _note_use(service: Service, who: Who) -> None:
    try:
        with service.writing() as (session, now):
            if who.token is not None:
                tokens.note_use(session, now, who.token)
            elif who.sign_in is not None:
                sign_ins.note_use(session, now, who.sign_in)
    except DatabaseUnavailable:
        return  # reading goes on while nothing can be written; the next request notes it


async def _demand_csrf(request: Request) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if not secret.same(given or "", csrf_of(request)):
        raise Forbidden("the request does not carry this sign-in's CSRF token", f"send it as {CSRF_HEADER}; see /api/v1/me")
