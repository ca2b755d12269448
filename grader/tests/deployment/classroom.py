"""A course on a service that listens somewhere, over HTTP: its admin comes in by a link, and students hand in known work."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx

from grader.api.client import Client
from grader.course.tree import Lab
from grader.grading import samples
from grader.grading.sealed import bundle

ASSIGNMENT = "tracking"


class Classroom:
    """A course that asks for one lab."""

    def __init__(self, url: str, link: str, lab: Lab, course: str = "mathematics") -> None:
        """`link` is what `mlops admin link NAME --admin` printed: the person becomes the one who teaches."""
        self.url, self.lab, self.course = url, lab, course
        self._tokens: dict[int, str] = {}
        self._http = httpx.Client(base_url=url, timeout=60)
        me = done(self._http.post("/api/v1/session", json={"link": link.strip().rpartition("#")[2]}))
        self._http.headers["X-CSRF-Token"] = me["csrf_token"]
        done(self._http.post("/api/v1/courses", json={"name": course, "title": course.title()}))
        done(self._http.put(f"/api/v1/courses/{course}/assignments/{ASSIGNMENT}", json={"lab": lab.id}))

    def hand_in(self, student: str, work: str) -> int:
        """A student who is new hands in the lab's solution, starter, or sample of this name; the submission's number."""
        done(self._http.put(f"/api/v1/courses/{self.course}/people/{student}", json={}))
        way_in = done(self._http.post(f"/api/v1/courses/{self.course}/people/{student}/link"))["link"]
        with Client(self.url) as client:
            token = client.sign_in({"link": way_in.rpartition("#")[2]}, "a laptop").token
        made, _ = known(self.lab, work)
        with Client(self.url, token) as client:
            submission = client.submit(
                self.course, ASSIGNMENT, bundle(self.lab, made), f"{self.course}-{student}-{work}"
            ).submission
        self._tokens[submission] = token
        return submission

    def earned(self, submission: int) -> float:
        """Wait, as its student does, until the submission is graded; the points."""
        with Client(self.url, self._tokens[submission]) as client:
            assert [status.state for status in client.follow(submission)][-1] == "released"
            return client.result(submission).earned

    def scores(self) -> dict[str, float | None]:
        """The total of each student, as the gradebook has it now."""
        rows = done(self._http.get(f"/api/v1/courses/{self.course}/gradebook", params={"limit": "200"}))["items"]
        return {row["student"]: row["total"] for row in rows}

    def jobs(self) -> dict[str, int]:
        """How many gradings are in which state, from the figures for Prometheus."""
        text = self._http.get("/metrics").text
        rows = [line for line in text.splitlines() if line.startswith("mlops_queue_jobs{")]
        return {row.split('"')[1]: int(float(row.rpartition(" ")[2])) for row in rows}

    def page(self, path: str = "/") -> str:
        """A page as a browser that is signed in gets it."""
        answer = self._http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def known(lab: Lab, work: str) -> tuple[Any, float]:
    """Work of this name, and what it must earn: the very verdict that `mlops verify` holds every backend to."""
    makers = {"solution": samples.solution, "starter": samples.starter}
    if work in makers:
        made, expected = makers[work](lab)
    else:
        made, expected = samples.wrong(lab, next(sample for sample in lab.samples() if sample.id == work))
    return made, sum(expected.points.values())


def done(answer: httpx.Response) -> Any:
    """An answer's object."""
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None
