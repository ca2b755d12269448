"""Problems as pages, for whoever asks for a page; programs get their JSON."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from grader.result import printable
from grader.server.ids import PREFIX
from grader.server.problem import Problem
from grader.web.render import page

NOT_PAGES = (PREFIX, "/healthz", "/readyz", "/metrics")


def show(request: Request, problem: Problem) -> Response | None:
    """The problem as a page; for who is not signed in, the way there. None where a program asks."""
    path = request.url.path
    if path.startswith(NOT_PAGES) or "text/html" not in request.headers.get("accept", ""):
        return None
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        return RedirectResponse("/sign-in" if path == "/" else f"/sign-in?next={quote(path)}", 303)
    shown = page(
        request, "problem.html", problem.status, title=HTTPStatus(problem.status).phrase, detail=printable(problem.message),
        advice=printable(problem.next_step), request_id=getattr(request.state, "request_id", ""),
    )  # fmt: skip
    shown.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
    return shown
