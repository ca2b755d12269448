"""One's API tokens: what programs show in place of a person. A new one is shown by the answer to its form, and never again."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from grader.accounts.identity import Who
from grader.accounts.rules import RANK
from grader.api.objects import NewToken, Scope, TokenMade
from grader.errors import BadInput
from grader.server.ids import Number
from grader.server.problem import of
from grader.server.routes import me
from grader.server.service import Here, Service
from grader.server.who import Known
from grader.web.forms import Form, fill, only
from grader.web.render import page, then

router = APIRouter()
TOKENS = "/account/tokens"
SCOPES: Mapping[Scope, str] = {
    "read": "see what you see",
    "submit": "hand in for you",
    "teach": "mark, grade again, release, and set assignments",
    "admin": "put people in courses, and what an admin does",
}
DAYS = (7, 30, 180, 366)


@router.get(TOKENS)
def tokens(service: Here, request: Request, who: Known) -> Response:
    """Those that can be used."""
    return _shown(service, request, who)


@router.post(TOKENS)
def make(service: Here, request: Request, who: Known, form: Form) -> Response:
    """A new one, shown this once, and in no address."""
    scopes = [scope for scope in SCOPES if f"scope-{scope}" in form]
    try:
        made = me.new_token(service, who, fill(NewToken, only(form, "label", "days") | {"scopes": scopes}))
    except BadInput as wrong:
        return _shown(service, request, who, problem=f"{wrong.message}: {wrong.next_step}", status=of(wrong).status)
    return _shown(service, request, who, made)


@router.post(f"{TOKENS}/{{token}}/revoke")
def revoke(service: Here, who: Known, token: Number, form: Form) -> Response:  # noqa: ARG001  # the button sends nothing but its token
    """End one."""
    me.revoke_token(service, who, token)
    return then("account", "tokens", done="revoked")


def _shown(
    service: Service, request: Request, who: Who, made: TokenMade | None = None, problem: str = "", status: int = 200
) -> Response:
    teaches = who.site_admin or any(RANK[role] > RANK["student"] for role in who.roles.values())
    scopes = {scope: words for scope, words in SCOPES.items() if teaches or scope in ("read", "submit")}
    return page(
        request, "tokens.html", status, tokens=me.my_tokens(service, who).items, made=made, problem=problem, scopes=scopes,
        days=DAYS,
    )  # fmt: skip
