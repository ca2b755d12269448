"""The pages on a service's application. Whoever serves people in browsers adds them; the API does without."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from grader.server.service import Service
from grader.web import problems
from grader.web.pages import account, courses, people, progress, quizzes, signing_in, similarity, submissions, teaching

STATIC = Path(__file__).with_name("static")
PAGES = (signing_in, account, courses, progress, quizzes, submissions, teaching, similarity, people)
AROUND = 2**16
"""What a form's own bytes may come to beside its file."""


def install(app: FastAPI, evidence: Path | None = None) -> None:
    """Add the pages. `evidence` is where a worker on this machine keeps what its runs left: without it, executed notebooks are
    not shown."""
    service: Service = app.state.service
    app.state.evidence, app.state.show_problem = evidence, problems.show
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for pages in PAGES:
        app.include_router(pages.router, include_in_schema=False, max_body_size=service.settings.max_body)
    app.include_router(courses.uploading, include_in_schema=False, max_body_size=service.settings.max_upload + AROUND)
