"""The application: made from the parts of a service, with every route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from grader.course.tree import Course
from grader.gradebook import migrate
from grader.gradebook.blobs import open_blobs
from grader.gradebook.database import Database
from grader.server import problem
from grader.server.ids import PREFIX
from grader.server.metrics import Metrics
from grader.server.outside import Outside
from grader.server.routes import courses, gradebook, health, me, quizzes, roster, similarity, submissions, teaching
from grader.server.service import Service
from grader.server.settings import Oidc, Settings
from grader.server.similar import Reader
from grader.server.uploads import Uploads

TITLE, DESCRIPTION = "The grader service", "Submissions in, marks out. Errors are problems (RFC 9457)."


class App(FastAPI):
    """FastAPI, with our layer around all of its own, and problems in its document."""

    def build_middleware_stack(self) -> ASGIApp:
        """The stack, and `Outside` around it."""
        return Outside(super().build_middleware_stack(), self.state.service.settings.secure)

    def openapi(self) -> dict[str, Any]:
        """The document of all routes: each may answer with a problem."""
        if self.openapi_schema is None:
            made = get_openapi(title=TITLE, version="1", description=DESCRIPTION, routes=self.routes)
            self.openapi_schema = problem.described(made)
        return self.openapi_schema


def open_service(url: str, blobs: str, content: Course, settings: Settings | None = None) -> Service:
    """A service on the database at `url`, whose tables are brought up to this version. Raises BadInput,
    DatabaseUnavailable."""
    chosen = settings or Settings()
    database = Database(url, busy_seconds=chosen.busy_seconds)
    migrate.upgrade(database)
    return Service(database, open_blobs(blobs), content, chosen)


def create_app(service: Service) -> FastAPI:
    """The application of a service."""
    app = App(title=TITLE, docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/openapi.json")
    metrics = Metrics(service.database)
    app.state.service, app.state.uploads = service, Uploads(service)
    app.state.metrics, app.state.observe, app.state.similar = metrics, metrics.observe, Reader()
    problem.install(app)
    settings = service.settings
    app.include_router(health.router, max_body_size=settings.max_body)
    for routes in (me, courses, roster, quizzes, submissions, teaching, similarity, gradebook):
        app.include_router(routes.router, max_body_size=settings.max_body)
    app.include_router(submissions.uploading, max_body_size=settings.max_upload + 1)
    if settings.oidc is not None:
        _add_oidc(app, settings.oidc, settings.public_url)
    return app


def _add_oidc(app: FastAPI, chosen: Oidc, public_url: str) -> None:
    """The way to a provider and back. Imported only where it is wanted."""
    from grader.server.oidc import Provider
    from grader.server.routes import oidc

    app.state.oidc = Provider(chosen, public_url + oidc.BACK)
    app.include_router(oidc.router)
