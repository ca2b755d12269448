"""Every error as a problem (RFC 9457): what was wrong, and what to do next; never a traceback, a path or a secret."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from grader.errors import BadInput, ContentError, CourseError
from grader.result import printable

MEDIA_TYPE = "application/problem+json"
AGAIN = 5
"""Seconds after which a request that failed through our fault may be sent again."""
log = logging.getLogger("grader.server")


class WrongField(BaseModel):
    """A part of the request that can't be used."""

    where: str
    message: str


class ProblemBody(BaseModel):
    """What is sent. `type` is stable; `detail` and `next` are words for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    next: str = ""
    request_id: str = ""
    errors: list[WrongField] = Field(default_factory=list)


class Problem(CourseError):
    """A request that is answered with a problem. Subclasses say which."""

    status, kind = 500, "our-fault"

    def __init__(self, message: str, next_step: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, next_step)
        self.headers = dict(headers or {})
        self.errors: tuple[WrongField, ...] = ()


class NotSignedIn(Problem):
    """Nobody is known to be asking."""

    status, kind = 401, "not-signed-in"

    def __init__(self, message: str, next_step: str = "sign in, or send an API token") -> None:
        super().__init__(message, next_step, {"WWW-Authenticate": 'Bearer realm="mlops"'})


class Forbidden(Problem):
    """Who asks may see it, and may not do this."""

    status, kind = 403, "forbidden"


class NotFound(Problem):
    """There is no such thing, or none that who asks may know of: the answer is the same."""

    status, kind = 404, "not-found"

    def __init__(self, what: str = "") -> None:
        super().__init__(f"there is no such {what}" if what else "there is nothing here", "check the address")


class Unusable(Problem):
    """Something that was sent can't be used; each of its parts that is wrong is named."""

    status, kind = 422, "bad-input"

    def __init__(self, message: str, next_step: str, errors: Sequence[WrongField] = ()) -> None:
        super().__init__(message, next_step)
        self.errors = tuple(errors)


class Conflict(Problem):
    """Somebody else did the same, or the opposite, at the same time."""

    status, kind = 409, "conflict"


class TooSlow(Problem):
    """The request took too long to arrive."""

    status, kind = 408, "too-slow"


class TooLarge(Problem):
    """More bytes than are taken."""

    status, kind = 413, "too-large"


class TooMany(Problem):
    """Requests come too fast."""

    status, kind = 429, "too-many-requests"


class NotNow(Problem):
    """Our fault: the same request can be sent again."""

    status, kind = 503, "unavailable"

    def __init__(self, message: str = "the service can't do this just now; nothing was accepted") -> None:
        super().__init__(message, "try again in a few seconds", {"Retry-After": str(AGAIN)})


def install(app: FastAPI) -> None:
    """Answer all errors with problems."""
    app.add_exception_handler(CourseError, _course_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IntegrityError, _conflict)
    app.add_exception_handler(Exception, _broken)


def of(error: CourseError) -> Problem:
    """What a request is told of one of our errors. Whose turn it is decides: theirs is told as it is, ours in general."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BadInput) and not isinstance(error, ContentError):
        problem = Problem(error.message, error.next_step)
        problem.status, problem.kind = 422, "bad-input"
        return problem
    return NotNow()


def response(request: Request, problem: Problem) -> Response:
    """A problem as it is sent; a page's own way of showing it (`app.state.show_problem`) goes before."""
    show = getattr(request.app.state, "show_problem", None)
    shown = show(request, problem) if show else None
    return shown if isinstance(shown, Response) else _json(request, problem)


def _json(request: Request, problem: Problem) -> Response:
    body = ProblemBody(
        type=f"urn:mlops:problem:{problem.kind}", title=HTTPStatus(problem.status).phrase, status=problem.status,
        detail=printable(problem.message), next=printable(problem.next_step),
        request_id=getattr(request.state, "request_id", ""), errors=list(problem.errors),
    )  # fmt: skip
    return JSONResponse(body.model_dump(), problem.status, problem.headers, MEDIA_TYPE)


def _course_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CourseError)
    problem = of(error)
    if problem.status >= 500:
        log.error("our fault: %s", error, extra={"request_id": getattr(request.state, "request_id", "")})
    return response(request, problem)


def _invalid(request: Request, error: Exception) -> Response:
    """What can't be used is named, and not repeated: it may be a password."""
    assert isinstance(error, RequestValidationError)
    errors = [WrongField(where=".".join(map(str, e["loc"])), message=e["msg"]) for e in error.errors()[:20]]
    words = "; ".join(f"{e.where}: {e.message}" for e in errors[:3])
    problem = Problem(f"the request can't be used: {words}", "see /api/v1/openapi.json")
    problem.status, problem.kind = 422, "bad-request"
    problem.errors = tuple(WrongField(where=printable(e.where), message=printable(e.message)) for e in errors)
    return response(request, problem)


def _http(request: Request, error: Exception) -> Response:
    """The framework's own: no such route, a method that isn't there, a body that is too large or no JSON."""
    assert isinstance(error, HTTPException)
    kinds: dict[int, type[Problem]] = {404: NotFound, 413: TooLarge}
    problem = Problem(error.detail, "see /api/v1/openapi.json", error.headers)
    problem.status, problem.kind = error.status_code, kinds.get(error.status_code, Problem).kind
    if problem.kind == Problem.kind:
        problem.kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return response(request, NotFound() if error.status_code == 404 else problem)


def _conflict(request: Request, error: Exception) -> Response:  # noqa: ARG001  # its words are the database's
    """Two asked for the same at once, and the database let one of them."""
    return response(request, Conflict("somebody asked for the same at the same time", "look what there is, and try again"))


def _broken(request: Request, error: Exception) -> Response:  # noqa: ARG001  # it is logged outside
    """Anything else is a fault in our code."""
    return response(request, Problem("something of ours broke; it is logged", "tell whoever runs the service the request's id"))


def described(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document, in which every operation may answer with a problem, and 422 is one, too."""
    reference = {"$ref": "#/components/schemas/Problem"}
    answer = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": reference}}}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    shown = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= shown.pop("$defs", {}) | {"Problem": shown}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = answer
    return document
