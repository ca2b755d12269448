"""Uploads: what is taken and made a bundle, what is refused, and that nothing is written but what was accepted."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from grader.gradebook import roster
from grader.gradebook.late import Dates
from grader.gradebook.tables import Job, Receipt
from grader.grading import samples
from grader.grading.sealed import unseal
from grader.quiz.handed_in import seed_of
from grader.tests.gradebook.small_class import LAB
from grader.tests.server import malformed
from grader.tests.server.school import School, ok

PLACE = "/api/v1/courses/math/assignments/adding/submissions"
MALFORMED = 225


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def notebook(school: School) -> bytes:
    return samples.solution(school.content.lab(LAB))[0].notebook


def test_an_upload_is_acknowledged_with_where_to_look(school: School) -> None:
    """202; the same key again is the same receipt, another content under it is refused; without a key it is another one."""
    http, sealed = school.http("owner"), school.bundle()
    first = http.post(PLACE, content=sealed, headers={"Idempotency-Key": "key-of-today"})
    assert first.headers["location"] == "/api/v1/submissions/1"
    sha256 = unseal(school.content.lab(LAB), "x", sealed).sha256
    place = {"status": "/api/v1/submissions/1", "events": "/api/v1/submissions/1/events"}
    expected = {"receipt": 1, "submission": 1, "repeated": False, "sha256": sha256, **place}
    assert ok(first, 202) == expected
    again = http.post(PLACE, content=sealed, headers={"Idempotency-Key": "key-of-today"})
    assert ok(again, 202) == {**expected, "repeated": True}
    other = http.post(PLACE, content=school.bundle("other"), headers={"Idempotency-Key": "key-of-today"})
    assert (other.status_code, other.json()["detail"]) == (422, "this idempotency key was used for another submission")
    assert ok(http.post(PLACE, content=sealed), 202)["receipt"] == 2
    seen = ok(http.get(place["status"]))
    assert {k: seen[k] for k in ("state", "ahead", "student", "earned")} == {
        "state": "waiting", "ahead": 0, "student": "owner", "earned": None,
    }  # fmt: skip
    assert ok(http.get(PLACE))["items"] == [seen]
    assert http.get("/api/v1/submissions/1/bundle").content == sealed


@pytest.mark.parametrize("kind", ["notebook", "zip", "zip of a folder", "zip from a Mac", "streamed"])
def test_what_is_no_bundle_is_made_one(light: School, kind: str) -> None:
    """A notebook, or a zip file with or without the folder's name, is the same submission as the bundle."""
    content, name = notebook(light), f"{LAB}.ipynb"
    forms: dict[str, Any] = {
        "notebook": content,
        "zip": zipped({name: content, "other.txt": b"x"}),
        "zip of a folder": zipped({f"my work/{name}": content, "my work/a.txt": b"x"}),
        "zip from a Mac": zipped({f"my work/{name}": content, f"__MACOSX/my work/._{name}": b"x"}),
        "streamed": (content[at : at + 7000] for at in range(0, len(content), 7000)),
    }
    sent = ok(light.http("owner").post(PLACE, content=forms[kind]), 202)
    assert sent["sha256"] == samples.solution(light.content.lab(LAB))[0].sha256


def test_too_much_is_refused_early(light: School) -> None:
    """By what is announced, and by what arrives; elsewhere less is taken. As a problem, with all headers."""
    http, most = light.http("owner"), light.service.settings.max_upload

    def parts() -> Iterator[bytes]:
        for _ in range(most // 2**20 + 2):
            yield b"{" * 2**20

    for answer in (
        http.post(PLACE, content=b"x" * (most + 2)),
        http.post(PLACE, content=parts()),
        http.post("/api/v1/courses", content=b" " * (light.service.settings.max_body + 1)),
    ):
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:mlops:problem:too-large")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in answer.headers


def test_what_the_assignment_does_not_take_is_refused(light: School) -> None:
    """After it has closed; when all submissions are used. The reason is told, and nothing is kept."""
    http = light.http("owner")
    light.rules(max_submissions=1)
    ok(http.post(PLACE, content=light.bundle()), 202)
    answer = http.post(PLACE, content=light.bundle("other"))
    assert (answer.status_code, answer.json()["detail"]) == (422, "all 1 submissions of adding are used")
    shown = ok(http.get("/api/v1/courses/math/assignments/adding"))
    assert (shown["left"], shown["takes_work"], shown["why_not"]) == (0, False, "no submission is left")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    light.rules(dates=Dates(due=past, closes=past))
    answer = http.post(PLACE, content=light.bundle())
    assert (answer.status_code, "it closed at 2020-01-01 00:00 UTC" in answer.json()["detail"]) == (422, True)


def test_malformed_uploads_are_refused_and_leave_nothing(light: School, tmp_path: Path) -> None:
    """Broken, lying, climbing and exploding archives and notebooks: refused with a problem, or accepted when the damage did
    not matter; never a fault of ours. Nothing is written but blobs that were accepted."""
    http, rng = light.http("owner"), random.Random(7)
    before, answers = files(tmp_path), dict[int, int]()
    for content in malformed.many(light.content.lab(LAB), light.bundle(), notebook(light), rng, MALFORMED):
        answer = http.post(PLACE, content=content)
        assert answer.status_code in (202, 413, 422), (answer.status_code, answer.text, content[:200])
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
    assert answers[422] > MALFORMED / 2
    with light.database.reading() as session:
        receipts = session.scalar(select(func.count()).select_from(Receipt))
        jobs = session.scalar(select(func.count()).select_from(Job))
    new = files(tmp_path) - before
    blobs = {f for f in new if light.blobs.root in f.parents}
    assert {f for f in new - blobs if not f.name.startswith("light.db")} == set()
    assert receipts == answers.get(202, 0) and (jobs or 0) <= len(blobs) <= (receipts or 0)


def files(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


def test_a_quiz_s_answers_are_an_upload(school: School) -> None:
    """For the sheet of whoever sends them; another's are refused, and what was accepted is found as it was sent."""
    with school.database.writing() as session:
        roster.assign(session, school.database.now(session), roster.course(session, "math"), "sums", "quiz", LAB)
    place, quiz = PLACE.replace("adding", "sums"), school.content.quiz(LAB)
    sent = {
        who: json.dumps({"schema": 1, "quiz": quiz.id, "seed": seed_of("math", "sums", who), "answers": {}}).encode()
        for who in ("owner", "fellow")
    }
    http = school.http("owner")
    refused = http.post(place, content=sent["fellow"])
    assert (refused.status_code, refused.json()["detail"]) == (422, "these are answers to another sheet than yours")
    accepted = ok(http.post(place, content=sent["owner"]), 202)
    assert http.get(f"/api/v1/submissions/{accepted['submission']}/bundle").content == sent["owner"]
    assert ok(http.get(accepted["status"]))["state"] == "waiting"
