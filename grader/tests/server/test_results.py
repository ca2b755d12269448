"""What students and teachers see: only what is released, nothing hidden before it is revealed; marks, regrades, scores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from grader.course.tree import Course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.tests import small_course
from grader.tests.server.school import School, ok

ONE, ASKED, MATH = "/api/v1/submissions/1", "/api/v1/courses/math/assignments/adding", "/api/v1/courses/math"


@pytest.fixture
def hiding(database: Database, small: Course, blobs: FolderBlobs) -> School:
    """The lab's check `means` is hidden; the owner's work earned 60 + 10, of which they see 60."""
    small_course.edit(small, small_course.LAB_YAML, "      - id: means\n", "      - id: means\n        hidden: true\n")
    school = School(database, small, blobs)
    school.hand_in("owner")
    school.grade({"adds": 60, "means": 10})
    mark = {"check": "means", "points": 20, "reason": "the means are half right"}
    ok(school.http("grader").post(f"{ONE}/marks", json=mark), 201)
    ok(school.http("grader").post(f"{ONE}/comments", json={"check": "means", "words": "mind the means"}), 201)
    return school


def everything(school: School, who: str) -> str:
    """All that somebody can read of the submission, events included."""
    http = school.http(who)
    places = (ONE, f"{ONE}/result", f"{ONE}/attempts", f"{ONE}/events", f"{ASKED}/submissions", f"{MATH}/scores", ASKED)
    return "\n".join(http.get(place).text for place in places)


def test_hidden_checks_stay_hidden_until_revealed(hiding: School) -> None:
    """Their names, messages, points, marks and comments; and no sum tells of them. Who teaches sees all of it."""
    owner, teacher = hiding.http("owner"), hiding.http("instructor")
    seen = everything(hiding, "owner")
    assert [word for word in ("means", ":70", ":80", "half right") if word in seen] == []
    found = ok(owner.get(f"{ONE}/result"))
    assert (found["earned"], found["possible"], found["held_back"], found["marks"], found["comments"]) == (60, 60, 40, [], [])
    assert ok(owner.get(f"{MATH}/scores"))["scores"] == [
        {"assignment": "adding", "submission": 1, "points": None, "earned": None, "possible": None, "days_late": 0,
         "share": 1.0, "held_back": True},
    ]  # fmt: skip
    assert ok(teacher.get(f"{ONE}/result"))["earned"] == 80
    ok(teacher.post(f"{ASKED}/reveal"), 204)
    found = ok(owner.get(f"{ONE}/result"))
    assert (found["earned"], found["held_back"], [c["id"] for c in found["result"]["checks"]]) == (80, 0, ["adds", "means"])
    assert [c["words"] for c in found["comments"]] == ["mind the means"]
    assert ok(owner.get(f"{MATH}/scores"))["total"] == 80


def test_nothing_is_shown_before_it_is_released(school: School) -> None:
    """Its student sees that it is graded, and no more; releasing shows it."""
    school.rules(released_at_once=False)
    school.hand_in("owner")
    school.grade({"adds": 60})
    owner, teacher = school.http("owner"), school.http("instructor")
    assert [ok(owner.get(ONE))[k] for k in ("state", "earned")] == ["graded", None]
    assert owner.get(f"{ONE}/result").status_code == 404
    assert (ok(owner.get(f"{ONE}/attempts"))["items"], ok(owner.get(f"{MATH}/scores"))["total"]) == ([], 0)
    assert ok(teacher.get(f"{ONE}/result"))["released"] is False
    assert ok(teacher.post(f"{ASKED}/release")) == {"released": 1}
    assert ok(teacher.post(f"{ONE}/release")) == {"released": 0}
    assert [ok(owner.get(ONE))[k] for k in ("state", "earned", "possible")] == ["released", 60, 100]


def test_a_regrade_changes_nothing_before_it_is_released(school: School) -> None:
    """Who teaches sees who asked, why, and what would change; then releases it."""
    school.hand_in("owner")
    school.grade({"adds": 60})
    owner, teacher = school.http("owner"), school.http("instructor")
    assert ok(teacher.post(f"{ASKED}/regrade", json={"reason": "check mended"}), 202) == {"meant": 1, "waiting": 0}
    assert ok(teacher.post(f"{ONE}/regrade", json={"reason": "check mended"}), 202) == {"meant": 1, "waiting": 1}
    assert [ok(owner.get(ONE))[k] for k in ("state", "regrading")] == ["released", True]
    school.grade({"adds": 60, "means": 40}, version="version-2")
    seen = ok(teacher.get(f"{ONE}/attempts"))["items"]
    assert [(a["number"], a["earned"], a["released"], a["counts"], a["requested_by"], a["reason"]) for a in seen] == [
        (1, 60, True, True, "owner", "handed in"), (2, 100, False, False, "instructor", "check mended"),
    ]  # fmt: skip
    assert seen[1]["changes"] == [{"check": "means", "before": "failed", "after": "passed", "points": 40}]
    assert ok(owner.get(f"{ONE}/result"))["earned"] == 60
    ok(teacher.post(f"{ONE}/release"))
    assert [a["number"] for a in ok(owner.get(f"{ONE}/attempts"))["items"]] == [1, 2]
    assert ok(owner.get(f"{ONE}/result"))["earned"] == 100


def test_a_dead_letter_is_told_and_retried(school: School) -> None:
    """Its student learns that it is ours; who teaches learns what it was, and lets it go on."""
    school.hand_in("owner")
    job = school.kill()
    teacher = school.http("instructor")
    assert ok(school.http("owner").get(ONE))["state"] == "stuck"
    letter = {"job": job, "submission": 1, "assignment": "adding", "student": "owner", "tries": 1, "fault": "a fault of ours"}
    depth = {"waiting": 0, "leased": 0, "done": 0, "dead": 1}
    assert ok(teacher.get(f"{MATH}/jobs")) == {"depth": depth, "dead": [letter]}
    ok(teacher.post(f"/api/v1/jobs/{job}/retry"), 202)
    assert ok(school.http("owner").get(ONE))["state"] == "waiting"


def events(text: str) -> Iterator[Any]:
    """The objects of a stream of events."""
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if lines:
            assert lines["event"] == "status"
            yield json.loads(lines["data"])


def test_events_tell_each_change(school: School) -> None:
    """What waits is told with its place; a stream ends after its time, and at once when all is said."""
    school.hand_in("owner")
    number = school.hand_in("fellow")
    stream = school.http("fellow").get(f"/api/v1/submissions/{number}/events")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert [(e["state"], e["ahead"]) for e in events(stream.text)] == [("waiting", 1)]
    school.queue.lease("w")
    school.grade({"adds": 60})
    told = list(events(school.http("fellow").get(f"/api/v1/submissions/{number}/events").text))
    assert [(e["state"], e["earned"]) for e in told] == [("released", 60)]
    assert [e["state"] for e in events(school.http("owner").get(f"{ONE}/events").text)] == ["running"]


def test_the_gradebook_in_pages_and_as_csv(school: School) -> None:
    """All students by name, page by page; no cell of the file is a formula."""
    teacher = school.http("instructor")
    ok(teacher.put(f"{MATH}/people/zed", json={"full_name": '=HYPERLINK("x")', "email": "zed@example.org"}))
    for name in ("owner", "fellow"):
        school.hand_in(name)
        school.grade({"adds": 60} if name == "owner" else {"means": 40})
    first = ok(teacher.get(f"{MATH}/gradebook?limit=2"))
    second = ok(teacher.get(f"{MATH}/gradebook?limit=2&after={first['next']}"))
    rows = [*first["items"], *second["items"]]
    assert [(r["student"], r["total"]) for r in rows] == [("fellow", 40), ("owner", 60), ("zed", 0)]
    assert (first["assignments"], first["next"], second["next"]) == (["adding"], "owner", None)
    export = teacher.get(f"{MATH}/gradebook.csv")
    assert export.headers["content-type"].startswith("text/csv")
    assert export.text.splitlines() == [
        "student,full_name,email,adding,total", "fellow,,,40,40", "owner,,,60,60",
        'zed,"\'=HYPERLINK(""x"")",zed@example.org,,0',
    ]  # fmt: skip


def test_pages_hold_everything_once(school: School) -> None:
    """People, courses and submissions, two at a time."""
    teacher, found = school.http("root"), dict[str, list[Any]]()
    for number in range(5):
        school.hand_in("owner", "x" * number)
    for place, key in ((f"{MATH}/people", "name"), ("/api/v1/courses", "name"), (f"{ASKED}/submissions", "submission")):
        after, found[key + place] = "", []
        while True:
            page = ok(teacher.get(place, params={"limit": "2", **({"after": after} if after else {})}))
            found[key + place] += [item[key] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
    assert list(found.values()) == [
        ["fellow", "grader", "head", "instructor", "owner"], ["art", "math"], [5, 4, 3, 2, 1],
    ]  # fmt: skip


def test_metrics_count_what_was_graded(school: School) -> None:
    """Since the process began to look; the queue as it is; requests by route, whatever method somebody makes up."""
    admin = school.http("root")
    ok_metrics(admin.get("/metrics").text)
    school.hand_in("owner")
    school.grade({"adds": 60})
    school.hand_in("fellow")
    admin.request("BREW", "/api/v1/me")
    found = ok_metrics(admin.get("/metrics").text)
    names = (
        'mlops_attempts_total{outcome="finished"}', 'mlops_attempt_seconds_count{phase="queue"}',
        'mlops_queue_jobs{state="waiting"}', 'mlops_queue_jobs{state="done"}',
        'mlops_http_requests_total{method="other",route="/api/v1/me",status="405"}',
        'mlops_http_requests_total{method="GET",route="/metrics",status="200"}',
    )  # fmt: skip
    assert {name: found.get(name) for name in names} == dict.fromkeys(names, 1)
    assert found["mlops_queue_oldest_seconds"] >= 0


def ok_metrics(text: str) -> dict[str, float]:
    """The figures by name and labels."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}
