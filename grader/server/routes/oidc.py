"""The way to a university's sign-in and back. For browsers alone, so not in the API's document."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from grader.accounts import identities, sign_ins
from grader.server.oidc import Journey, Provider
from grader.server.service import Here
from grader.server.who import keep

router = APIRouter(include_in_schema=False)
BACK, COOKIE, LASTS = "/oidc/back", "mlops-oidc", 600


@router.get("/oidc/start")
def start(service: Here, request: Request) -> Response:
    """To the provider."""
    service.limits.sign_in(request, "")
    url, journey = _provider(request).set_out()
    response = RedirectResponse(url, 303)
    response.set_cookie(
        COOKIE, journey.text(), max_age=LASTS, path=BACK, secure=service.settings.secure, httponly=True, samesite="lax"
    )  # fmt: skip
    return response


@router.get(BACK)
def back(service: Here, request: Request) -> Response:
    """From the provider: signed in."""
    service.limits.sign_in(request, "")
    journey = Journey.read(request.cookies.get(COOKIE, ""))
    claims = _provider(request).come_back(str(request.url), journey)
    with service.writing() as (session, now):
        person = identities.person_of(session, now, claims.issuer, claims.subject, claims.email)
        opened = sign_ins.open_for(session, now, person, "oidc", service.settings.sign_ins)
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE, path=BACK)
    keep(response, opened, service.settings)
    return response


def _provider(request: Request) -> Provider:
    provider = request.app.state.oidc
    assert isinstance(provider, Provider)
    return provider
