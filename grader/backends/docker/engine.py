"""Finding the Docker engine."""

from __future__ import annotations

import os
from http import HTTPStatus
from urllib.parse import urlsplit

import docker
import requests
from docker.context import ContextAPI
from docker.errors import APIError, DockerException

from grader.errors import Unavailable

ENGINE_ERRORS = (DockerException, requests.RequestException, OSError)
"""All that a call to the engine may raise."""
SECONDS = 120
"""How long one call may take."""
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
CURE = (
    "start Docker Desktop, or `sudo systemctl start docker`, until `docker info` works; an engine elsewhere on this "
    "machine is named by DOCKER_HOST or `docker context use`. Without Docker, --backend local checks your own work"
)


def connect() -> docker.APIClient:
    """A client of the engine that the `docker` command would use. Raises Unavailable with what to do."""
    try:
        client = docker.from_env(timeout=SECONDS, max_pool_size=32).api
        version = client.version()
    except ENGINE_ERRORS as error:
        raise Unavailable(f"no Docker engine answers at {_where()}: {says(error)}", CURE) from error
    host = urlsplit(client.base_url)
    if client.base_url.startswith("http+docker://ssh") or (
        host.scheme in ("http", "https") and host.hostname not in LOOPBACK_HOSTS
    ):
        raise Unavailable(
            f"the Docker engine at {_where()} is another machine's, and services must be on this one's loopback",
            "unset DOCKER_HOST, or `docker context use` a local one",
        )
    if version.get("Os", "linux") != "linux":
        raise Unavailable(
            f"the Docker engine at {_where()} runs {version['Os']} containers, and the labs need Linux ones",
            "in Docker Desktop's menu choose `Switch to Linux containers`",
        )
    return client


def says(error: Exception) -> str:
    """The engine's own words."""
    return str(error.explanation) if isinstance(error, APIError) and error.explanation else str(error)


def refuses(error: Exception) -> bool:
    """Whether the engine finds fault with what it was asked, and not with itself."""
    return isinstance(error, APIError) and error.status_code == HTTPStatus.BAD_REQUEST


def _where() -> str:
    if named := os.environ.get("DOCKER_HOST"):
        return f"{named} (from DOCKER_HOST)"
    try:
        context = ContextAPI.get_current_context()
    except ENGINE_ERRORS:
        context = None
    if context is None:
        return "the default address"
    return f"{context.Host or 'the default address'} (docker context {context.Name!r})"
