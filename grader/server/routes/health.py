"""`/healthz`: the process lives. `/readyz`: it can accept a submission now."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from grader.errors import BadInput
from grader.gradebook import migrate
from grader.server import access
from grader.server.metrics import CONTENT_TYPE
from grader.server.problem import NotNow, NotSignedIn
from grader.server.service import Here, Service
from grader.server.who import Maybe

router = APIRouter(tags=["health"])


class Well(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
def healthz() -> Well:
    """The process answers."""
    return Well()


@router.get("/readyz")
def readyz(service: Here) -> Well:
    """The database answers and has this version's tables; the blobs' store answers, and its disk has space."""
    try:
        migrate.require(service.database)
    except BadInput as wrong:
        raise NotNow("the database has not this version's tables") from wrong
    service.blobs.has("0" * 64)
    if _free(service) < service.settings.min_free:
        raise NotNow("the disk is full")
    return Well()


def _free(service: Service) -> int:
    """Bytes left where blobs and (SQLite) the database are; of a store elsewhere, none of our business."""
    places = [getattr(service.blobs, "root", None), service.database.url.database if service.database.is_sqlite else None]
    return min((_left(Path(place)) for place in places if place), default=service.settings.min_free)


def _left(place: Path) -> int:
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(service: Here, request: Request, who: Maybe) -> Response:
    """Figures for Prometheus. For an admin's token, unless the service was started with --open-metrics."""
    if not service.settings.open_metrics:
        if who is None:
            raise NotSignedIn("metrics are for an admin's token")
        access.site(who)
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE)
