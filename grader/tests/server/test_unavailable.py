"""The database down or full, the blobs' disk full: 503, and nothing that was acknowledged is lost."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from grader.accounts.identity import Who
from grader.course.tree import Course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.server import who as asking
from grader.server.app import create_app
from grader.server.service import Service
from grader.tests.server.school import School, ok

PLACE = "/api/v1/courses/math/assignments/adding/submissions"


def unavailable(answer: object) -> tuple[int, str, str]:
    """What matters of an answer."""
    return answer.status_code, answer.headers.get("retry-after", ""), answer.json()["type"]  # type: ignore[attr-defined]


NOT_NOW = (503, "5", "urn:mlops:problem:unavailable")


@pytest.fixture
def patient(light: School) -> School:
    """A service whose requests don't wait long for the database."""
    database = Database(str(light.database.url), busy_seconds=0.2)
    light.service.database = light.database = database
    return light


def test_a_locked_database_is_503(patient: School) -> None:
    """What is read still is; what was acknowledged before is there; the same request goes through later."""
    http = patient.http("owner")
    ok(http.post(PLACE, content=patient.bundle(), headers={"Idempotency-Key": "first-key"}), 202)
    lock = sqlite3.connect(str(patient.database.url.database), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    refused = http.post(PLACE, content=patient.bundle("other"), headers={"Idempotency-Key": "second-key"})
    assert unavailable(refused) == NOT_NOW
    assert "light.db" not in refused.text
    assert [s["submission"] for s in ok(http.get(PLACE))["items"]] == [1]
    lock.execute("ROLLBACK")
    lock.close()
    sent = ok(http.post(PLACE, content=patient.bundle("other"), headers={"Idempotency-Key": "second-key"}), 202)
    assert (sent["receipt"], sent["repeated"]) == (2, False)


def test_a_full_database_is_503(patient: School) -> None:
    """SQLite's own limit of pages is its full disk."""
    http = patient.http("owner")
    ok(http.post(PLACE, content=patient.bundle()), 202)
    with patient.database.reading() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
    patient.database.close()

    @event.listens_for(patient.database.engine, "connect")
    def full(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    answers = [http.post(PLACE, content=patient.bundle("x" * n)) for n in range(1, 60)]
    assert {a.status_code for a in answers} == {202, 503}
    assert {unavailable(a) for a in answers if a.status_code == 503} == {NOT_NOW}
    seen = ok(http.get(PLACE, params={"limit": "200"}))["items"]
    assert len(seen) == 1 + sum(a.status_code == 202 for a in answers)


def test_a_full_disk_of_blobs_is_503(light: School, tmp_path: Path) -> None:
    """Nothing is acknowledged, and the service says that it is not ready; a probe of life still succeeds."""
    http = light.http("owner")
    (tmp_path / "no-folder").write_text("")
    light.blobs.root, good = tmp_path / "no-folder", light.blobs.root
    assert unavailable(http.post(PLACE, content=light.bundle())) == NOT_NOW
    assert ok(http.get(PLACE))["items"] == []
    light.blobs.root = good
    ok(http.post(PLACE, content=light.bundle()), 202)
    ok(http.get("/readyz"))
    object.__setattr__(light.service.settings, "min_free", 2**62)
    assert unavailable(http.get("/readyz")) == NOT_NOW
    ok(http.get("/healthz"))


def test_a_database_that_is_away_is_503(small: Course, tmp_path: Path) -> None:
    """PostgreSQL where nothing listens: for requests with a token, without, and for the probe."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        database = Database(f"postgresql://a:secret@127.0.0.1:{nobody.getsockname()[1]}/x")
        service = Service(database, FolderBlobs(tmp_path), small)
        http = TestClient(create_app(service), raise_server_exceptions=False)
        token = {"Authorization": "Bearer mlops_x"}
        answers = [
            http.get("/readyz"), http.get("/api/v1/me", headers=token), http.post(PLACE, content=b"x", headers=token),
            http.post("/api/v1/session", json={"name": "a", "password": "b"}),
        ]  # fmt: skip
        assert [unavailable(a) for a in answers] == [NOT_NOW] * 4
        assert [a.text for a in answers if "secret" in a.text or "127.0.0.1" in a.text] == []
        ok(http.get("/healthz"))


def test_a_fault_in_our_code_is_a_problem(light: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with the request's id, and nothing of what went wrong; the log has it."""

    def broken(*_: object) -> Who:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(asking, "_identify", broken)
    answer = light.http("owner").get("/api/v1/me", headers={"X-Request-ID": "my-own-id-1"})
    assert (answer.status_code, answer.json()["request_id"], "secret" in answer.text) == (500, "my-own-id-1", False)
    assert answer.headers["x-request-id"] == "my-own-id-1"
    assert "content-security-policy" in answer.headers
