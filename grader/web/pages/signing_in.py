"""Signing in (by password, or by a link's secret), the first admin, one's account, signing out."""

from __future__ import annotations

import re

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from grader.api.objects import Link, NewPassword, Password, SetUp
from grader.errors import BadInput
from grader.server.problem import NotSignedIn, of
from grader.server.routes import me
from grader.server.service import Here
from grader.server.who import Known, demand_same_site, forget, keep
from grader.web.forms import Fields, Form, fill, only
from grader.web.render import page, then

router = APIRouter()
SAME_SITE = [Depends(demand_same_site)]
NEXT = re.compile(r"/(courses|submissions|account)(/[\w .@+%-]+)*", re.ASCII)
"""Where one may be led after signing in: a page of ours."""


@router.get("/sign-in")
def ask(request: Request) -> Response:
    """The way in. A link's secret is behind the # of this very address; a script puts it into the form."""
    return _way_in(request)


@router.post("/sign-in", dependencies=SAME_SITE)
def sign_in(service: Here, request: Request, form: Fields) -> Response:
    """Sign in by name and password, or by a link."""
    try:
        if "link" in form:
            opened = me.sign_in_by_link(service, request, fill(Link, only(form, "link")).link.rpartition("#")[2])
        else:
            asked = fill(Password, only(form, "name", "password"))
            opened = me.sign_in(service, request, asked.name, asked.password)
    except (BadInput, NotSignedIn) as wrong:
        return _way_in(request, f"{wrong.message}: {wrong.next_step}", of(wrong).status, form)
    response = then("account") if opened.who.by == "link" else RedirectResponse(_next(form), 303)
    keep(response, opened, service.settings)
    return response


@router.get("/set-up")
def ask_set_up(request: Request) -> Response:
    """The first admin's page, by the link that the service printed."""
    return page(request, "set_up.html", problem="", name="")


@router.post("/set-up", dependencies=SAME_SITE)
def set_up(service: Here, request: Request, form: Fields) -> Response:
    """Make the first admin."""
    try:
        asked = fill(SetUp, only(form, "link", "name", "password"))
        opened = me.set_up(service, request, asked.link.rpartition("#")[2], asked.name, asked.password)
    except BadInput as wrong:
        shown = f"{wrong.message}: {wrong.next_step}"
        return page(request, "set_up.html", of(wrong).status, problem=shown, name=form.get("name", ""))
    response = RedirectResponse("/", 303)
    keep(response, opened, service.settings)
    return response


@router.get("/account")
def account(request: Request, who: Known) -> Response:
    """One's password."""
    return page(request, "account.html", needs_current=who.by != "link", problem="")


@router.post("/account")
def change_password(service: Here, request: Request, who: Known, form: Form) -> Response:
    """Another password; tokens end by it, too, where the form says so."""
    try:
        given = only(form, "password", "current") | {"revoke_tokens": form.get("revoke_tokens", "no")}
        me.change_password(service, request, who, fill(NewPassword, given))
    except BadInput as wrong:
        shown = f"{wrong.message}: {wrong.next_step}"
        return page(request, "account.html", of(wrong).status, needs_current=who.by != "link", problem=shown)
    return then("account", done="password")


@router.post("/sign-out")
def sign_out(service: Here, who: Known) -> Response:
    """End this sign-in."""
    response = then("sign-in")
    me.end_session(service, response, who)
    forget(response, service.settings)
    return response


def _way_in(request: Request, problem: str = "", status: int = 200, form: Fields | None = None) -> Response:
    given = form or {}
    return page(
        request, "sign_in.html", status, problem=problem, name=given.get("name", ""),
        next=given.get("next", request.query_params.get("next", "")), oidc=hasattr(request.app.state, "oidc"),
    )  # fmt: skip


def _next(form: Fields) -> str:
    wanted = form.get("next", "")
    return wanted if NEXT.fullmatch(wanted) else "/"
