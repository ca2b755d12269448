"""`mlops admin link`, what `mlops serve` asks of its environment, and how a service ends that somebody still watches."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from grader.cli import serving
from grader.errors import BadInput
from grader.server.running import listen
from grader.server.settings import Oidc
from grader.tests.gradebook.terminal import Terminal
from grader.tests.server.school import School


def test_a_link_from_the_machine_itself(tmp_path: Path) -> None:
    """Signs in once; with --admin its person becomes the service's admin, and need not be known before."""
    admin = Terminal(tmp_path / "home")
    admin.make_class()
    said = admin("link", "ann", "--public-url", "https://x.example/")
    assert re.match(r"https://x\.example/sign-in#\S{43}\n", said)
    with pytest.raises(BadInput, match="there is no person boss"):
        admin("link", "boss")
    assert admin("link", "boss", "--admin").startswith("http://127.0.0.1:8000/sign-in#")


def test_a_provider_is_named_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secret is in no representation."""
    assert serving._oidc() is None
    monkeypatch.setenv("MLOPS_OIDC_ISSUER", "https://id.example")
    with pytest.raises(BadInput, match="by half"):
        serving._oidc()
    monkeypatch.setenv("MLOPS_OIDC_CLIENT_ID", "mlops")
    monkeypatch.setenv("MLOPS_OIDC_CLIENT_SECRET", "hush")
    found = serving._oidc()
    assert (found, "hush" in repr(found)) == (Oidc("https://id.example", "mlops", "hush"), False)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 8000), ("127.0.0.1", 70_000), ("nowhere.invalid", 8000)])
def test_where_nobody_can_listen(host: str, port: int) -> None:
    """Is said before anything is started."""
    with pytest.raises(BadInput, match=f"the service can't listen on {host} port {port}: "):
        listen(host, port)


def test_who_watches_does_not_hold_up_the_end(light: School, tmp_path: Path) -> None:
    """A stream of events ends by itself when the service is told to stop, long before its time; the process leaves with 0."""
    number, token = light.hand_in("owner"), light.token("owner")
    variables = {
        "MLOPS_HOME": str(tmp_path / "home"), "MLOPS_COURSE": str(light.content.root), "PYTHONUNBUFFERED": "1",
        "MLOPS_DATABASE": str(light.database.url),
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("mlops")), "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().partition(": ")[2].strip()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.stream("GET", f"{url}/api/v1/submissions/{number}/events", headers=headers, timeout=120) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: status"
            process.send_signal(signal.SIGTERM)
            list(lines)
        _, logged = process.communicate(timeout=120)
    assert (process.returncode, "graceful shutdown exceeded" in logged) == (0, False), logged
