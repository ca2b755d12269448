"""Signing in by a provider of accounts that really runs: there and back, and everything that must not work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx2 as httpx
import oidc_provider_mock
import pytest
from starlette.testclient import TestClient

from grader.gradebook import roster
from grader.server.app import create_app
from grader.server.settings import Oidc
from grader.tests.server.school import School, ok

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")  # the provider's own affair
BASE = "http://testserver"
VERIFIED = {"email": "Owner@example.org", "email_verified": True}
USERS = {
    "sub-1": VERIFIED,
    "sub-2": {"email": "owner@example.org", "email_verified": False},
    "sub-3": {"email": "nobody@example.org", "email_verified": True},
    "sub-4": VERIFIED,
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with four accounts."""
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in USERS.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def school(light: School, issuer: str) -> School:
    """A service that knows it; the owner's address is known here."""
    settings = replace(light.service.settings, public_url=BASE, oidc=Oidc(issuer, "mlops", "a client's secret"))
    light.service.settings = settings
    light.app = create_app(light.service)
    with light.database.writing() as session:
        roster.add_person(session, light.database.now(session), "owner", email="owner@example.org")
    return light


def there(browser: TestClient, sub: str) -> str:
    """Set out, and be somebody at the provider; the address to come back to."""
    out = browser.get("/oidc/start", follow_redirects=False)
    assert out.status_code == 303, out.text
    answer = httpx.post(out.headers["location"], data={"sub": sub}, timeout=30)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def test_there_and_back(school: School) -> None:
    """By the verified address the first time, whatever its capitals; by the account from then on, when the address is
    somebody else's. The code can't be used twice."""
    browser = school.http()
    address = there(browser, "sub-1")
    assert address.startswith(f"{BASE}/oidc/back?code=")
    kept = browser.cookies.get("mlops-oidc")
    back = browser.get(address, follow_redirects=False)
    assert (back.status_code, back.headers.get("location")) == (303, "/"), back.text
    me = ok(browser.get("/api/v1/me"))
    assert (me["name"], me["by"]) == ("owner", "oidc")
    again = school.http()
    again.cookies.set("mlops-oidc", kept or "")
    assert again.get(address, follow_redirects=False).status_code == 422
    with school.database.writing() as session:
        now = school.database.now(session)
        roster.person(session, "owner").email = "other@example.org"
        session.flush()
        roster.add_person(session, now, "fellow", email="owner@example.org")
    browser = school.http()
    browser.get(there(browser, "sub-1"), follow_redirects=False)
    assert ok(browser.get("/api/v1/me"))["name"] == "owner"


@pytest.mark.parametrize("sub", ["sub-2", "sub-3"])
def test_who_is_nobody_here(school: School, sub: str) -> None:
    """An address that isn't verified is none."""
    browser = school.http()
    back = browser.get(there(browser, sub), follow_redirects=False)
    assert (back.status_code, back.json()["detail"]) == (422, "nobody here has your address")
    assert browser.get("/api/v1/me").status_code == 401


def test_one_person_is_one_account(school: School) -> None:
    """Another account with the same address does not become them."""
    first, second = school.http(), school.http()
    assert first.get(there(first, "sub-1"), follow_redirects=False).status_code == 303
    back = second.get(there(second, "sub-4"), follow_redirects=False)
    assert (back.status_code, "another account" in back.text) == (422, True)


@pytest.mark.parametrize("changed", [None, "nonsense", "{state}~x~{verifier}", "x~{nonce}~{verifier}"])
def test_who_did_not_set_out_from_here(school: School, changed: str | None) -> None:
    """Without the browser's own part, or with another state or nonce: nobody is signed in."""
    browser, other = school.http(), school.http()
    address = there(browser, "sub-1")
    state, nonce, verifier = (browser.cookies.get("mlops-oidc") or "").split("~")
    if changed is not None:
        other.cookies.set("mlops-oidc", changed.format(state=state, nonce=nonce, verifier=verifier))
    assert other.get(address, follow_redirects=False).status_code == 422
    assert other.get("/api/v1/me").status_code == 401


def test_a_provider_that_is_away(light: School) -> None:
    """503, and other ways in stay."""
    settings = replace(light.service.settings, public_url=BASE, oidc=Oidc("http://127.0.0.1:9", "mlops", "x"))
    light.service.settings = settings
    light.app = create_app(light.service)
    assert light.http().get("/oidc/start").status_code == 503
    ok(light.http("owner").get("/api/v1/me"))
