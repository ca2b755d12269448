"""A page from its template. Everything that is put into one is escaped: no template marks anything as safe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.server.who import csrf_of
from grader.web.words import NOTICES, SIGNS, STATES, due, lateness, outcome_words, status_words

HEADERS = {"Referrer-Policy": "same-origin"}
"""With `no-referrer` a browser would not say where a form comes from, and it would be refused."""


def page(request: Request, template: str, code: int = 200, /, **shown: Any) -> HTMLResponse:
    """The template with what it shows, for whoever asks."""
    own = {"who": getattr(request.state, "who", None), "csrf": csrf_of(request), "notice": _notice(request.query_params)}
    return HTMLResponse(_templates().get_template(template).render(own | shown), code, HEADERS)


def at(*parts: str | int) -> str:
    """The address of a page, from its parts: names may hold what an address can't."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def then(*parts: str | int, done: str = "", number: int = 0) -> RedirectResponse:
    """To another page after a change; `done` names what it says there (`words.NOTICES`)."""
    return RedirectResponse(at(*parts) + (f"?done={done}&number={number}" if done else ""), 303)


def moment(time: datetime | None) -> str:
    """A time in words, the same for everybody."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else "–"


def points(number: float | None) -> str:
    """Points without needless zeros."""
    return "–" if number is None else f"{number:g}"


def _notice(query: Mapping[str, str]) -> str:
    words, number = NOTICES.get(query.get("done", ""), ""), query.get("number", "")
    return words.format(number=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)


@cache
def _templates() -> Environment:
    made = Environment(loader=PackageLoader("grader.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals.update(at=at, SIGNS=SIGNS, STATES=STATES)
    made.filters.update(
        moment=moment, points=points, status_words=status_words, outcome_words=outcome_words, lateness=lateness,
        due=due,
    )  # fmt: skip
    return made
