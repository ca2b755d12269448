"""The client against a service that listens, and against what is none; the token's file."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from grader.api.client import Client, Refused, ServiceAway, address
from grader.api.tokens import Tokens
from grader.errors import BadInput
from grader.tests.server.listening import listening
from grader.tests.server.school import School
from grader.tests.server.test_accounts import link_for


class Flaky:
    """A service in front of which something fails now and then."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.failures, self.keys = app, 0, list[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = dict(scope["headers"]).get(b"idempotency-key")
        if key is not None:
            self.keys.append(key.decode())
        if self.failures and key is not None:
            self.failures -= 1
            swallow = self.failures % 2

            async def lost(message: object) -> None:
                """What the service answers doesn't arrive."""

            if swallow:
                await self.app(scope, receive, lost)
            await PlainTextResponse("bad gateway", 502)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@pytest.fixture
def flaky(light: School) -> Flaky:
    return Flaky(light.app)


@pytest.fixture
def url(flaky: Flaky) -> Iterator[str]:
    with listening(flaky) as at:
        yield at


def test_nothing_is_handed_in_twice(light: School, flaky: Flaky, url: str) -> None:
    """Answers are lost, and the same key is sent again: one receipt."""
    waited = list[float]()
    with Client(url, light.token("owner"), wait=waited.append) as client:
        flaky.failures = 4
        receipt = client.submit("math", "adding", light.bundle(), "the-key-of-it")
    assert (receipt.receipt, receipt.submission, receipt.repeated) == (1, 1, True)
    assert (flaky.keys, waited) == (["the-key-of-it"] * 5, [0.5, 1.0, 2.0, 4.0])


def test_what_becomes_of_it_is_followed_to_the_end(light: School, url: str) -> None:
    """Over streams that end in between; then the result."""
    with Client(url, light.token("owner"), wait=lambda _: None) as client:
        number = client.submit("math", "adding", light.bundle(), "the-key-of-it").submission
        states = list[str]()
        for status in client.follow(number):
            states.append(status.state)
            if status.state == "waiting":
                light.grade({"adds": 60, "means": 40})
        assert [state for state in states if state != "running"] == ["waiting", "released"]
        assert client.result(number).earned == 100
        assert [c.name for c in client.courses().items] == ["math"]
        assert [a.content for a in client.assignments("math").items] == ["01-adding"]


def test_signing_in_makes_a_token_for_handing_in(light: School, url: str) -> None:
    """By a link; it may read and submit, and no sign-in is left. It can be given back."""
    with Client(url) as client:
        made = client.sign_in({"link": link_for(light, "owner")}, "laptop")
        with pytest.raises(Refused, match="nobody is signed in"):
            client.me()
    with Client(url, made.token) as client:
        assert (client.me().name, client.me().scopes) == ("owner", ("read", "submit"))
        client.revoke_own_token()
        with pytest.raises(Refused, match=rf"does not know your token: it has ended or was revoked \(mlops login {url}\)"):
            client.me()


def test_what_the_service_refuses_is_told_in_its_words(light: School, url: str) -> None:
    """And not tried again."""
    with Client(url, light.token("owner"), wait=lambda _: pytest.fail("it was tried again")) as client:
        with pytest.raises(Refused, match=r"there is no such course \(check the address\)"):
            client.submit("art", "adding", b"x", "the-key-of-it")
        with pytest.raises(Refused, match="neither a notebook nor a zip file"):
            client.submit("math", "adding", b"x", "the-key-of-it")


def test_nobody_answers() -> None:
    """One clear line, after a while."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with Client(url, patience=0) as client, pytest.raises(ServiceAway, match=rf"^{url} can't be reached: ") as error:
            client.me()
    assert (str(error.value).count("\n"), error.value.exit_code) == (0, 3)


def test_something_else_answers() -> None:
    """Another server's page is no service."""
    told = pytest.raises(BadInput, match="is no grader service of this version")
    with listening(PlainTextResponse("hello")) as other, Client(other) as client, told:
        client.me()


@pytest.mark.parametrize("text", ["", "x", "ftp://x.example", "http://", "http://a:b@x.example", "http://x:99999", "http://[x"])
def test_what_is_no_address(text: str) -> None:
    """Is told before anything is sent."""
    with pytest.raises(BadInput, match="is no address of a service"):
        Client(text)


def test_an_address_is_one_whatever_its_end() -> None:
    """So that a token is found again."""
    assert {address(a) for a in ("https://x.example/", "https://x.example", " https://x.example//?q#f")} == {
        "https://x.example"
    }


def test_tokens_are_kept_for_their_owner(tmp_path: Path) -> None:
    """Nobody else can read the file; what isn't there is told with the command."""
    tokens = Tokens(tmp_path / "home")
    with pytest.raises(BadInput, match=r"you are not signed in at http://x \(mlops login http://x\)"):
        tokens.get("http://x")
    tokens.put("http://x", "secret")
    tokens.put("http://y", "other")
    assert (tokens.get("http://x"), tokens.drop("http://x"), tokens.drop("http://x")) == ("secret", True, False)
    files = list((tmp_path / "home").iterdir())
    assert [(f.name, stat.S_IMODE(f.stat().st_mode)) for f in files] == [("service-tokens.json", 0o600)]
    files[0].write_text("[")
    with pytest.raises(BadInput, match="can't be read"):
        tokens.get("http://y")
