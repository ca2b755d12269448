"""A class over HTTP: `mlops serve` with a worker in it, a first admin, a student who hands in and waits for the score."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import nbformat
import pytest

from grader.api.client import Client
from grader.api.tokens import Tokens
from grader.backends.docker.engine import connect
from grader.bench.classroom import Student, students
from grader.bench.kills.stage import sandboxes
from grader.course.tree import Course, Lab
from grader.grading.sealed import bundle
from grader.grading.submission import Submission
from grader.learner.bundle import write
from grader.learner.place import folder_of
from grader.stack.stack import Stack
from grader.tests.path.conftest import Command, alive, docker

SERVE = ("serve", "--with-worker", "--backend", "local", "--trust", "--port", 0)


@pytest.fixture
def here(mlops: Command, tmp_path: Path) -> Command:
    """The service's home, with the session's environments."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "environments").symlink_to((mlops.home / "environments").resolve())
    return Command(tmp_path / "home", tmp_path)


@pytest.fixture
def serving(here: Command) -> Iterator[subprocess.Popen[str]]:
    process = here.start(*SERVE)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.services
def test_from_an_empty_service_to_a_score(
    serving: subprocess.Popen[str], here: Command, course: Course, lab04: Lab, tmp_path: Path
) -> None:
    """The link that the service prints makes the admin, who makes the course, the assignment, and the student's way in. The
    student's solution is uploaded, followed live, and earns 100 points, which are shown at once. SIGTERM ends it all in
    good order, and no secret is in what it printed but the one link."""
    assert serving.stdout is not None and serving.stderr is not None
    logged = list[str]()
    reader = threading.Thread(target=lambda: logged.extend(serving.stderr or ()), daemon=True)
    reader.start()
    first = [serving.stdout.readline() for _ in range(3)]
    found = re.search(r"(http://127\.0\.0\.1:\d+)/set-up#(\S+)", first[1])
    assert found is not None, first
    url, link = found[1], found[2]
    assert first[2] == f"The service listens: {url}\n"
    with httpx.Client(base_url=url, timeout=60) as admin:
        asked = {"link": link, "name": "tess", "password": "four unrelated words"}
        admin.headers["X-CSRF-Token"] = done(admin.post("/api/v1/setup", json=asked))["csrf_token"]
        done(admin.post("/api/v1/courses", json={"name": "math", "title": "Mathematics"}))
        done(admin.put("/api/v1/courses/math/assignments/tracking", json={"lab": "04"}))
        done(admin.put("/api/v1/courses/math/people/ann", json={"email": "ann@example.org"}))
        way_in = done(admin.post("/api/v1/courses/math/people/ann/link"))["link"]
        assert way_in.startswith(f"{url}/sign-in#")
        ann = Command(tmp_path / "ann", tmp_path / "work")
        ann.work.mkdir()
        solve(course, lab04, ann)
        with Client(url) as client:
            token = client.sign_in({"link": way_in.rpartition("#")[2]}, "a laptop").token
        Tokens(ann.home).put(url, token)
        handed_in = ann("submit", "04", "--to", url)
        assert handed_in.returncode == 0, handed_in.stderr
        assert "100/100" in handed_in.stdout
        assert re.findall(r"it (?:waits|is being graded|is graded)", handed_in.stderr)[-1] == "it is graded"
        row = done(admin.get("/api/v1/courses/math/gradebook"))["items"][0]
        assert (row["student"], row["total"]) == ("ann", 100)
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(timeout=120) == 0, "".join(logged)
    reader.join(timeout=10)
    assert alive(here.home) == []
    words = "".join(logged)
    assert [secret for secret in (link, token, way_in.rpartition("#")[2], "four unrelated words") if secret in words] == []
    assert '"route": "/api/v1/submissions/{submission}/events"' in words


@pytest.mark.docker
def test_marks_from_containers(here: Command, course: Course, lab04: Lab) -> None:
    """With the docker backend: of two students the one who solved lab 04 gets all points, and the one whose metric is of the
    training rows exactly what that sample deserves. SIGTERM ends it all in good order; no container is left."""
    backend = docker()
    known = students(lab04, ("solution", "metric-of-the-training-rows"), 2)
    process = here.start("serve", "--with-worker", "--backend", "docker", "--port", 0)
    try:
        assert process.stdout is not None
        link, url = [process.stdout.readline().strip() for _ in range(3)][1:]
        found = marks(url.removeprefix("The service listens: "), link.partition("#")[2], lab04, known)
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=200)
    finally:
        process.kill()
        process.communicate()
        Stack(course, backend, here.home).reset()
    assert found == [student.deserves for student in known]
    assert process.returncode == 0, logged
    assert [name for name, pid in sandboxes(connect()).values() if pid == process.pid] == []


def marks(url: str, link: str, lab: Lab, known: Sequence[Student]) -> list[dict[str, float]]:
    """Sets the service up, lets each student hand in, and returns the points by check that they are told."""
    with httpx.Client(base_url=url, timeout=60) as admin:
        asked = {"link": link, "name": "tess", "password": "four unrelated words"}
        admin.headers["X-CSRF-Token"] = done(admin.post("/api/v1/setup", json=asked))["csrf_token"]
        done(admin.post("/api/v1/courses", json={"name": "math", "title": "Mathematics"}))
        done(admin.put("/api/v1/courses/math/assignments/tracking", json={"lab": lab.id}))
        receipts = []
        for student in known:
            done(admin.put(f"/api/v1/courses/math/people/{student.name}", json={"email": f"{student.name}@example.org"}))
            way_in = done(admin.post(f"/api/v1/courses/math/people/{student.name}/link"))["link"]
            with Client(url) as guest:
                token = guest.sign_in({"link": way_in.rpartition("#")[2]}, "a laptop").token
            sealed = bundle(lab, Submission(student.name, None, nbformat.writes(student.notebook).encode()))
            receipts.append((token, handed_in(url, token, sealed)))
        return [told(url, token, submission) for token, submission in receipts]


def handed_in(url: str, token: str, sealed: bytes) -> int:
    with Client(url, token) as client:
        return client.submit("math", "tracking", sealed, str(uuid.uuid4())).submission


def told(url: str, token: str, submission: int) -> dict[str, float]:
    """The points by check, once it is graded."""
    with Client(url, token) as client:
        list(client.follow(submission))
        return {check.id: check.earned for check in client.result(submission).result.checks}


def solve(course: Course, lab: Lab, who: Command) -> None:
    """Put the solution where the learner works."""
    place = who.work / folder_of(lab).name
    place.mkdir(parents=True)
    write(course, lab, "solution", place)


def done(answer: httpx.Response) -> Any:
    """An answer's object."""
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
