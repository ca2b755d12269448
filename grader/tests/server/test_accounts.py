"""Getting in: passwords, links, sign-ins that end, tokens; changes that only one's own page can cause; no secret is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from starlette.testclient import TestClient

from grader.accounts import links
from grader.accounts.sign_ins import Lifetime
from grader.gradebook.accounts import ApiToken
from grader.gradebook.columns import Base
from grader.gradebook.database import Database
from grader.tests.server.school import School, ok

PASSWORD = "four unrelated words"


def link_for(school: School, name: str) -> str:
    """A sign-in link's secret."""
    with school.database.writing() as session:
        return links.make(session, school.database.now(session), school.person(name), None)[0]


def signed_in(school: School, name: str = "owner") -> tuple[TestClient, dict[str, str]]:
    """A browser in which somebody signed in by a link, and the header that its changes carry."""
    browser = school.http()
    me = ok(browser.post("/api/v1/session", json={"link": link_for(school, name)}))
    return browser, {"X-CSRF-Token": me["csrf_token"]}


def test_the_first_admin_is_made_once(school: School) -> None:
    """By the link that was printed; it ends by that, and there is no second one."""
    with school.database.writing() as session:
        session.execute(text("UPDATE account SET site_admin = :no"), {"no": False})
        now = school.database.now(session)
        old, link = links.make_set_up(session, now)[0], links.make_set_up(session, now)[0]
    browser, asked = school.http(), {"name": "first", "password": PASSWORD}
    for refused in ({"link": old}, {"link": link, "password": "short"}, {"link": link, "name": "root"}):
        assert browser.post("/api/v1/setup", json={**asked, "link": link, **refused}).status_code == 422
    me = ok(browser.post("/api/v1/setup", json={**asked, "link": link}))
    assert (me["name"], me["site_admin"], me["by"]) == ("first", True, "password")
    assert browser.get("/api/v1/me").json() == me
    assert school.http().post("/api/v1/setup", json={**asked, "link": link, "name": "second"}).status_code == 422
    with pytest.raises(Exception, match="has an admin already"), school.database.writing() as session:
        links.make_set_up(session, now)


def test_a_link_signs_in_once_and_a_password_from_then_on(school: School) -> None:
    """The link needs no current password; later changes do. A new password ends all other sign-ins."""
    link = link_for(school, "owner")
    browser = school.http()
    me = ok(browser.post("/api/v1/session", json={"link": link}))
    assert school.http().post("/api/v1/session", json={"link": link}).status_code == 422
    csrf = {"X-CSRF-Token": me["csrf_token"]}
    ok(browser.post("/api/v1/me/password", json={"password": PASSWORD}, headers=csrf), 204)
    other = school.http()
    theirs = ok(other.post("/api/v1/session", json={"name": "owner", "password": PASSWORD}))
    csrf = {"X-CSRF-Token": theirs["csrf_token"]}
    change = {"password": "some other words here"}
    assert other.post("/api/v1/me/password", json=change, headers=csrf).status_code == 403
    ok(other.post("/api/v1/me/password", json={**change, "current": PASSWORD}, headers=csrf), 204)
    assert (other.get("/api/v1/me").status_code, browser.get("/api/v1/me").status_code) == (200, 401)
    for name, password, status in (
        ("owner", PASSWORD, 401), ("owner", "some other words here", 200), ("nobody", PASSWORD, 401), ("fellow", "", 422),
        ("fellow", "nobody's password", 401),
    ):  # fmt: skip
        answer = school.http().post("/api/v1/session", json={"name": name, "password": password})
        assert (name, password, answer.status_code) == (name, password, status)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 201, "owner"])
def test_a_bad_password_is_refused(light: School, password: str) -> None:
    """And not repeated in the answer."""
    browser, csrf = signed_in(light)
    answer = browser.post("/api/v1/me/password", json={"password": password}, headers=csrf)
    assert (answer.status_code, f'"{password}"' in answer.text) == (422, False)


def test_the_cookie_is_out_of_reach(light: School) -> None:
    """No script reads it, no other site's page sends it; with https it goes over https only and belongs to this host."""
    cookie = light.http().post("/api/v1/session", json={"link": link_for(light, "owner")}).headers["set-cookie"]
    assert cookie.startswith("mlops=") and cookie.endswith("; HttpOnly; Max-Age=604800; Path=/; SameSite=lax")
    object.__setattr__(light.service.settings, "public_url", "https://x.example")
    cookie = light.http().post("/api/v1/session", json={"link": link_for(light, "owner")}).headers["set-cookie"]
    assert cookie.startswith("__Host-mlops=") and cookie.endswith("; Path=/; SameSite=lax; Secure")


def test_a_change_needs_the_csrf_token_and_its_own_page(light: School) -> None:
    """Without the token, with another's, or from another site's page: 403, and nothing changed."""
    browser, csrf = signed_in(light)
    _, others = signed_in(light, "fellow")
    asked = {"label": "x"}
    for headers in (
        {}, others, {**csrf, "Origin": "https://evil.example"}, {**csrf, "Sec-Fetch-Site": "cross-site"},
        {**csrf, "Sec-Fetch-Site": "same-site"}, {**csrf, "Origin": "null"},
    ):  # fmt: skip
        assert (headers, browser.post("/api/v1/me/tokens", json=asked, headers=headers).status_code) == (headers, 403)
    assert browser.get("/api/v1/me/tokens").json() == {"items": []}
    good = {**csrf, "Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    ok(browser.post("/api/v1/me/tokens", json=asked, headers=good), 201)
    ended = {"Origin": "https://evil.example"}
    assert light.http().post("/api/v1/session", json={"name": "a", "password": "b"}, headers=ended).status_code == 403


@pytest.mark.parametrize(("idle", "longest"), [(0.0, 60.0), (60.0, 0.0)])
def test_a_sign_in_ends(light: School, idle: float, longest: float) -> None:
    """When it was not used for long, and when its time is over; and by signing out."""
    browser, csrf = signed_in(light)
    ok(browser.get("/api/v1/me"))
    kept = dict(browser.cookies)
    ok(browser.delete("/api/v1/session", headers=csrf), 204)
    browser.cookies.update(kept)
    assert browser.get("/api/v1/me").status_code == 401
    object.__setattr__(light.service.settings, "sign_ins", Lifetime(timedelta(seconds=idle), timedelta(seconds=longest)))
    browser, _ = signed_in(light)
    assert browser.get("/api/v1/me").status_code == 401


def test_tokens_are_made_listed_and_revoked(school: School) -> None:
    """Shown once; a revoked one, or nonsense, is told so. One may end itself."""
    browser, csrf = signed_in(school)
    made = ok(browser.post("/api/v1/me/tokens", json={"label": "laptop", "scopes": ["submit", "read"]}, headers=csrf), 201)
    token = made.pop("token")
    assert (token.startswith("mlops_"), made["scopes"]) == (True, ["read", "submit"])
    assert ok(browser.get("/api/v1/me/tokens")) == {"items": [made]}
    program = school.http()
    program.headers["Authorization"] = f"Bearer {token}"
    assert ok(program.get("/api/v1/me"))["by"] == "token"
    assert browser.delete("/api/v1/me/tokens/999", headers=csrf).status_code == 404
    ok(browser.delete(f"/api/v1/me/tokens/{made['id']}", headers=csrf), 204)
    answer = program.get("/api/v1/me")
    assert (answer.status_code, answer.json()["next"]) == (401, "mlops login URL")
    second = school.http("owner")
    ok(second.delete("/api/v1/token"), 204)
    assert second.get("/api/v1/me").status_code == 401
    assert browser.delete("/api/v1/token", headers=csrf).status_code == 404


@pytest.mark.parametrize(("wish", "status"), [({}, 401), ({"revoke_tokens": True}, 401), ({"revoke_tokens": False}, 200)])
def test_a_new_password_ends_tokens(school: School, wish: dict[str, bool], status: int) -> None:
    """All of one's own, unless one asks to keep them; nobody else's."""
    browser, csrf = signed_in(school)
    mine, fellow = school.http("owner"), school.http("fellow")
    ok(browser.post("/api/v1/me/password", json={"password": PASSWORD, **wish}, headers=csrf), 204)
    assert (mine.get("/api/v1/me").status_code, fellow.get("/api/v1/me").status_code) == (status, 200)
    assert ok(browser.get("/api/v1/me"))["name"] == "owner"


def test_a_token_s_use_is_noted(school: School) -> None:
    """When it is used first, and then again after some minutes."""
    browser, csrf = signed_in(school)
    made = ok(browser.post("/api/v1/me/tokens", json={"label": "laptop"}, headers=csrf), 201)
    program = school.http()
    program.headers["Authorization"] = f"Bearer {made['token']}"

    def used() -> Any:
        return ok(browser.get("/api/v1/me/tokens"))["items"][0]["last_used_at"]

    assert (made["last_used_at"], used()) == (None, None)
    ok(program.get("/api/v1/me"))
    first = used()
    ok(program.get("/api/v1/me"))
    assert (first is not None, used()) == (True, first)
    with school.database.writing() as session:
        session.execute(update(ApiToken).values(last_used_at=school.database.now(session) - timedelta(minutes=6)))
    old = used()
    ok(program.get("/api/v1/me"))
    assert used() > first > old


def test_tries_are_limited(light: School, small: Any, migrated_file: Any, tmp_path: Any) -> None:
    """Ten for one name in a minute, then 429 with the time to wait; other names go on."""
    (tmp_path / "slow.db").write_bytes(migrated_file.read_bytes())
    slow = School(Database(f"sqlite:///{tmp_path / 'slow.db'}"), small, light.blobs, sign_in_tries=10, uploads=2)
    tries = [slow.http().post("/api/v1/session", json={"name": "owner", "password": "wrong"}) for _ in range(11)]
    assert [a.status_code for a in tries] == [401] * 10 + [429]
    assert 0 < int(tries[-1].headers["retry-after"]) <= 61
    assert slow.http().post("/api/v1/session", json={"name": "fellow", "password": "wrong"}).status_code == 401
    uploads = [slow.http("owner").post("/api/v1/courses/math/assignments/adding/submissions", content=b"x") for _ in range(3)]
    assert [a.status_code for a in uploads] == [422, 422, 429]


def test_no_secret_is_in_the_database_or_the_log(school: School, caplog: pytest.LogCaptureFixture) -> None:
    """Passwords, links, cookies and tokens: hashes only; and none in what is logged of the requests."""
    caplog.set_level("DEBUG")
    link = link_for(school, "owner")
    browser = school.http()
    me = ok(browser.post("/api/v1/session", json={"link": link}))
    csrf = {"X-CSRF-Token": me["csrf_token"]}
    ok(browser.post("/api/v1/me/password", json={"password": PASSWORD}, headers=csrf), 204)
    token = ok(browser.post("/api/v1/me/tokens", json={"label": "x"}, headers=csrf), 201)["token"]
    school.http().get(f"/api/v1/me?token={token}", headers={"Authorization": f"Bearer {token}"})
    secrets = [link, PASSWORD, token, browser.cookies["mlops"], me["csrf_token"]]
    with school.database.reading() as session:
        kept = str([session.execute(table.select()).all() for table in Base.metadata.sorted_tables])
    logged = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("grader"))
    assert [s for s in secrets if s in kept or s in logged] == []
    assert "argon2id" in kept and "/api/v1/me/tokens" in logged
