"""What lies around every request: an id, a line in the log, headers that hold a browser back, and an answer come what may."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grader.server import problem

ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
"""A request's id that a proxy may have given it already."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise."""
TOO_LARGE = 413
TOO_MUCH = ("the request has more bytes than are taken here", "send less; a notebook is handed in without its outputs")
log = logging.getLogger("grader.server")


class Outside:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, began = Request(scope, receive), time.monotonic()
        status, ended, replaced = 0, False, False
        given = request.headers.get("x-request-id", "")
        request.state.request_id = given if ID.fullmatch(given) else secrets.token_hex(8)

        async def answer(message: Message) -> None:
            nonlocal status, ended, replaced
            if replaced:  # the framework's own words come after ours
                return
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == TOO_LARGE and MutableHeaders(scope=message).get("content-type", "").startswith("text/plain"):
                    replaced = ended = True
                    await problem.response(request, problem.TooLarge(*TOO_MUCH))(scope, receive, dressed)
                    return
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await dressed(message)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request.state.request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            log.exception("a request failed", extra={"request_id": request.state.request_id})
            if status and not ended:  # half an answer is out: the connection's end says that it isn't whole
                raise
        finally:
            _note(request, status, time.monotonic() - began)


def _note(request: Request, status: int, seconds: float) -> None:
    """One line a request: the route, not the address that was asked for; who, not what they sent."""
    route = getattr(request.scope.get("route"), "path_format", "-")
    who = getattr(request.state, "who", None)
    facts = {
        "request_id": request.state.request_id, "method": request.method, "route": route, "status": status,
        "seconds": round(seconds, 4), "person": who.person if who else None,
    }  # fmt: skip
    log.info("request", extra=facts)
    observe = getattr(request.app.state, "observe", None) if "app" in request.scope else None
    if observe is not None:
        observe(request.method, route, status, seconds)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    _OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "color_message"})

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level and words, and what was added to it."""
        told = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        told |= {"logger": record.name, "message": record.getMessage()}
        told |= {name: value for name, value in vars(record).items() if name not in self._OWN}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def log_to_stderr() -> None:
    """The service's log, and uvicorn's own words, as lines of JSON on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("grader.server", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
