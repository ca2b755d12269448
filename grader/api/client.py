"""The client of `/api/v1`: typed, patient with a network that comes and goes, and with one clear line for what goes wrong.

What it sends again carries the same idempotency key, so that nothing is handed in twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx2 as httpx
from pydantic import BaseModel, ValidationError

from grader.api.assignments import Assignments
from grader.api.objects import Courses, Me, TokenMade
from grader.api.submissions import FINAL, Feedback, Receipt, Status
from grader.errors import BadInput, OurFault
from grader.quiz.sheet import Paper

Model = TypeVar("Model", bound=BaseModel)
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
AGAIN = (429, 502, 503, 504)
"""Answers after which the same request may be sent again."""
LONGEST_WAIT = 15.0


class ServiceAway(OurFault):
    """The service can't be reached, or can't do it now, after all tries."""


class Refused(BadInput):
    """The service understood, and said no."""

    def __init__(self, status: int, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step)
        self.status = status


class Client:
    """A service at an address. A context: its connections are closed at the end."""

    def __init__(
        self, url: str, token: str | None = None, patience: float = 60.0, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Nothing is sent yet. What fails is tried again for `patience` seconds. Raises BadInput for what is no address."""
        self.url = address(url)
        self._patience, self._wait = patience, wait
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def sign_in(self, asked: dict[str, str], label: str, days: int = 180) -> TokenMade:
        """A token for this machine, by name and password (`{"name": …, "password": …}`) or by a link's secret
        (`{"link": …}`). Raises Refused, ServiceAway."""
        me = self._asked(Me, "POST", "/api/v1/session", json=asked, patience=0.0)
        csrf = {"X-CSRF-Token": me.csrf_token}
        made = {"label": label, "scopes": ["read", "submit"], "days": days}
        token = self._asked(TokenMade, "POST", "/api/v1/me/tokens", json=made, headers=csrf)
        self._send("DELETE", "/api/v1/session", headers=csrf)
        self._http.cookies.clear()
        return token

    def me(self) -> Me:
        """Who one is to the service. Raises Refused, ServiceAway."""
        return self._asked(Me, "GET", "/api/v1/me")

    def revoke_own_token(self) -> None:
        """End the token that this client sends. Raises Refused, ServiceAway."""
        self._send("DELETE", "/api/v1/token")

    def courses(self) -> Courses:
        """The courses that one is in. Raises Refused, ServiceAway."""
        return self._asked(Courses, "GET", "/api/v1/courses", params={"limit": "200"})

    def assignments(self, course: str) -> Assignments:
        """What a course asks for. Raises Refused, ServiceAway."""
        return self._asked(Assignments, "GET", f"/api/v1/courses/{quote(course, safe='')}/assignments")

    def sheet(self, course: str, assignment: str) -> Paper:
        """One's own sheet of a quiz. Raises Refused, ServiceAway."""
        return self._asked(Paper, "GET", f"{_place(course, assignment)}/sheet")

    def submit(self, course: str, assignment: str, content: bytes, key: str) -> Receipt:
        """Hand in; what was acknowledged is graded. The same key again is the same request. Raises Refused, ServiceAway."""
        place = f"{_place(course, assignment)}/submissions"
        headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
        return self._asked(Receipt, "POST", place, content=content, headers=headers)

    def status(self, submission: int) -> Status:
        """Where a submission is. Raises Refused, ServiceAway."""
        return self._asked(Status, "GET", f"/api/v1/submissions/{submission}")

    def follow(self, submission: int) -> Iterator[Status]:
        """Each status of a submission, until the final one; a stream that breaks is taken up again. Raises Refused,
        ServiceAway."""
        last = None
        while last is None or last.state not in FINAL:
            for status in self._stream(submission):
                if status != last:
                    yield status
                last = status
            if last is None or last.state not in FINAL:
                self._wait(0.5)
                last, before = self.status(submission), last
                if last != before:
                    yield last

    def result(self, submission: int) -> Feedback:
        """What a submission came to. Raises Refused, ServiceAway."""
        return self._asked(Feedback, "GET", f"/api/v1/submissions/{submission}/result")

    def _stream(self, submission: int) -> Iterator[Status]:
        """The events of one connection; none when it breaks."""
        place = f"/api/v1/submissions/{submission}/events"
        try:
            with self._http.stream("GET", place, timeout=httpx.Timeout(60.0, connect=10.0)) as answer:
                if answer.status_code != 200:
                    return
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        yield Status.model_validate_json(line.removeprefix("data:").strip())
        except (httpx.HTTPError, ValidationError):
            return

    def _asked(self, model: type[Model], method: str, place: str, **more: Any) -> Model:
        answer = self._send(method, place, **more)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError:
            raise BadInput(f"{self.url} is no grader service of this version", "check the address") from None

    def _send(self, method: str, place: str, patience: float | None = None, **more: Any) -> httpx.Response:
        """An answer that is no error; what fails is tried again for a while."""
        ends, wait = time.monotonic() + (self._patience if patience is None else patience), 0.5
        while True:
            said, pause = self._tried(method, place, **more)
            if isinstance(said, httpx.Response):
                return said
            pause = min(max(pause, wait), LONGEST_WAIT)
            if time.monotonic() + pause > ends:
                raise said
            self._wait(pause)
            wait *= 2

    def _tried(self, method: str, place: str, **more: Any) -> tuple[httpx.Response | ServiceAway, float]:
        """The answer, or what is wrong just now and how long to wait. Raises Refused for what no other try can help."""
        try:
            answer = self._http.request(method, place, **more)
        except httpx.HTTPError as error:
            words = f"{self.url} can't be reached: {_words(error)}"
            return ServiceAway(words, "check the address and the network, and try again: nothing is handed in twice"), 0.0
        if answer.is_success:
            return answer, 0.0
        detail, following = _problem(answer)
        if answer.status_code in AGAIN:
            after = answer.headers.get("retry-after", "")
            return ServiceAway(f"{self.url}: {detail}", following), float(after) if after.isdecimal() else 0.0
        if answer.status_code == 401 and "Authorization" in self._http.headers:
            raise Refused(401, f"{self.url} does not know your token: it has ended or was revoked", f"mlops login {self.url}")
        raise Refused(answer.status_code, detail, following)


def address(url: str) -> str:
    """The service's address: scheme, host and a path, if it lies below one. Raises BadInput."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password:
        raise BadInput(f"{url!r} is no address of a service", "such as https://mlops.example.org")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _place(course: str, assignment: str) -> str:
    return f"/api/v1/courses/{quote(course, safe='')}/assignments/{quote(assignment, safe='')}"


def _problem(answer: httpx.Response) -> tuple[str, str]:
    """What went wrong and what to do next, in the service's words where it is one."""
    try:
        body = json.loads(answer.content)
        if isinstance(body, dict) and isinstance(body.get("detail"), str):
            return body["detail"], str(body.get("next", ""))
    except ValueError:
        pass
    return f"the answer is {answer.status_code} {answer.reason_phrase}", "is this the address of a grader service?"


def _words(error: httpx.HTTPError) -> str:
    """What the network says, without the library's class names."""
    text = str(error) or type(error).__name__
    return text.rpartition("] ")[2] or text
