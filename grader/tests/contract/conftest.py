"""The backends under contract, one small environment for them, and a server that stands for a service."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.backends.protocol import Address, Backend, Endpoint, Environment, Sandbox, SandboxRequest
from grader.errors import Unavailable
from grader.spec.environment import EnvironmentSpec
from grader.spec.limits import Limits

HERE = Path(__file__).parent
DOCKERFILE = HERE.parents[2] / "environments" / "Dockerfile"


def docker_backend(prepared: bool = True) -> Backend:
    from grader.backends.docker.backend import DockerBackend

    backend = DockerBackend(DOCKERFILE, prepared=prepared)
    try:
        backend.probe()
    except Unavailable as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(why))
    return backend


def local_backend(home: Path, prepared: bool = sys.platform == "linux") -> Backend:
    from grader.backends.local.backend import LocalBackend

    if not prepared or sys.platform == "linux":
        return LocalBackend(home, prepared)
    pytest.skip("prepared processes of this machine are for Linux")


@pytest.fixture(scope="session")
def environment() -> Environment:
    folder = HERE / "environment"
    text = (folder / "environment.yaml").read_text(encoding="utf-8")
    return Environment(EnvironmentSpec.model_validate(yaml.safe_load(text)), folder)


def kubernetes_backend(prepared: int) -> Backend:
    from grader.tests import clusters

    return clusters.backend(prepared, DOCKERFILE)


BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "docker": lambda _: docker_backend(prepared=False),
    "docker-prepared": lambda _: docker_backend(),
    "kubernetes": lambda _: kubernetes_backend(prepared=0),
    "kubernetes-prepared": lambda _: kubernetes_backend(prepared=1),
    "local": lambda home: local_backend(home, prepared=False),
    "local-prepared": lambda home: local_backend(home),
}
"""Each way to get a sandbox."""


def _param(name: str) -> Any:
    marks = [mark for mark in ("docker", "kubernetes") if name.startswith(mark)]
    return pytest.param(name, marks=[getattr(pytest.mark, mark) for mark in marks])


@pytest.fixture(scope="session", params=[_param(name) for name in BACKENDS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def backend(kind: str, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    backend = BACKENDS[kind](tmp_path_factory.mktemp("home"))
    image = backend.prepare(environment)
    if backend.name == "kubernetes":
        from grader.tests import clusters

        clusters.load(environment, DOCKERFILE, image)
    return backend


@pytest.fixture
def isolating(backend: Backend) -> Backend:
    """A backend that holds other people's code; `local` is for one's own."""
    if backend.name == "local":
        pytest.skip("the local backend isolates nothing: it is for checking one's own work")
    return backend


Opener = Callable[..., Sandbox]


@pytest.fixture
def opened(backend: Backend, environment: Environment) -> Iterator[Opener]:
    """Opens sandboxes; all are closed at the end."""
    sandboxes = []

    def open_one(
        name: str = "contract",
        files: dict[str, bytes] | None = None,
        variables: dict[str, str] | None = None,
        endpoints: tuple[Endpoint, ...] = (),
        limits: Limits | None = None,
    ) -> Sandbox:
        limits = limits or Limits()
        request = SandboxRequest(name, environment, files or {}, variables or {}, endpoints, limits)
        sandboxes.append(backend.open(request))
        return sandboxes[-1]

    yield open_one
    for sandbox in sandboxes:
        sandbox.close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[Address]:
    """A server on this machine's loopback that returns what is posted, backwards."""
    server = _Server(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Address("127.0.0.1", server.server_port)
    server.shutdown()
    server.server_close()
