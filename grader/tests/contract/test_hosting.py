"""What hosting a service on any backend must hold."""

from __future__ import annotations

import socket
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from grader.backends.protocol import Backend, Environment, Running, ServiceJob
from grader.errors import ServiceFailed
from grader.spec.service import ServiceSpec
from grader.tests import clusters
from grader.tests.contract.kernel import wait_until

SERVER = '''
import os
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

class Store(SimpleHTTPRequestHandler):
    """Serves the data folder, keeps what is put there, and ends when it is asked for its end."""
    def do_GET(self):
        if self.path == "/end":
            os._exit(3)
        super().do_GET()

    def do_PUT(self):
        Path(self.path[1:]).write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.end_headers()

print("listening with ${secret.word}", flush=True)
ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Store).serve_forever()
'''
MAKE = "import pathlib; pathlib.Path(r'${data}', 'made.txt').write_text('made once')"
COPY = (
    "import urllib.request as u, os, sys; os.chdir(r'${data}');"
    "open('copy.txt', 'wb').write(u.urlopen('http://${peer.store.host}:${peer.store.port}/made.txt').read());"
    "open('word.txt', 'w').write(os.environ['WORD']);"
    "os.execv(sys.executable, [sys.executable, '-m', 'http.server', '${port.web}', '--bind', '${bind}'])"
)
STORE = ServiceSpec.model_validate(
    {
        "schema": 1,
        "id": "store",
        "title": "A store of files",
        "environment": "contract",
        "ports": {"web": 8000, "other": 8001},
        "endpoint": "web",
        "secrets": ["word"],
        "files": {"server/main.py": SERVER},
        "setup": [{"creates": "made.txt", "run": ["python", "-c", MAKE]}],
        "command": [
            "python",
            "-c",
            "import os, runpy, sys; os.chdir(r'${data}'); sys.argv = ['main', '${bind}', '${port.web}'];"
            "runpy.run_path(r'${files}/server/main.py', run_name='__main__')",
        ],
        "ready": {"port": "web", "http": "/"},
        "memory_mb": 128,
    }
)
COPIER = ServiceSpec.model_validate(
    {
        "schema": 1,
        "id": "copier",
        "title": "Copies from the store",
        "environment": "contract",
        "needs": ["store"],
        "ports": {"web": 8000},
        "endpoint": "web",
        "variables": {"WORD": "${peer.store.secret.word}"},
        "command": ["python", "-c", COPY],
        "ready": {"port": "web", "http": "/"},
        "memory_mb": 128,
    }
)
SECRETS = {"word": "open$HOME;sesame"}


class Stack:
    """Services of one instance."""

    def __init__(self, backend: Backend, environment: Environment) -> None:
        self.backend, self.environment = backend, environment
        self.instance = f"contract-{uuid.uuid4().hex[:8]}"
        self.running: list[Running] = []

    def host(self, spec: ServiceSpec, *peers: Running) -> Running:
        job = ServiceJob(
            spec=spec,
            environment=self.environment,
            instance=self.instance,
            secrets=SECRETS if spec.secrets else {},
            peers={peer.service: peer for peer in peers},
            peer_secrets={peer.service: SECRETS for peer in peers},
            ports={name: _free_port() for name in spec.ports},
        )
        self.running.append(self.backend.host(job))
        return self.running[-1]

    def ready(self, running: Running) -> str:
        """Wait until it answers; return its address."""
        url = f"{running.address.url}/"
        assert wait_until(lambda: get(url) is not None or self.backend.poll(running)), "it does not answer"
        assert self.backend.poll(running) is None
        return url


@pytest.fixture
def stack(
    kind: str, backend: Backend, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    if kind == "kubernetes-prepared":
        pytest.skip("it hosts services as `kubernetes` does")
    with clusters.volumes(tmp_path, monkeypatch) if backend.name == "kubernetes" else nullcontext():
        yield from _used(Stack(backend, environment))


def _used(stack: Stack) -> Iterator[Stack]:
    backend = stack.backend
    yield stack
    for running in stack.running:
        backend.stop(running)
    for service in {running.service for running in stack.running}:
        backend.erase(stack.instance, service)


def get(url: str) -> bytes | None:
    """The answer's body, or None when it can't be had."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bytes(answer.read())
    except OSError:
        return None


def put(url: str, content: bytes) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, content, method="PUT"), timeout=30):
        pass


def test_a_service_answers_on_the_ports_asked_for(stack: Stack) -> None:
    """It is reached (on loopback, at the caller's ports, unless it has an address of its own), ran its set-up, and its log is
    there to read."""
    running = stack.host(STORE)
    url = stack.ready(running)
    assert running.service == "store"
    assert (running.address.host == "127.0.0.1") is (stack.backend.name != "kubernetes")
    assert get(url + "made.txt") == b"made once"
    assert f"listening with {SECRETS['word']}" in stack.backend.logs(running)


def test_a_service_finds_its_peer(stack: Stack) -> None:
    """A service reaches another of its instance by its placeholders, and gets its secret."""
    store = stack.host(STORE)
    stack.ready(store)
    url = stack.ready(stack.host(COPIER, store))
    assert (get(url + "copy.txt"), get(url + "word.txt")) == (b"made once", SECRETS["word"].encode())


def test_data_survives_a_restart_and_not_an_erasure(stack: Stack) -> None:
    """Stop keeps the data, and set-up is not done again; erase empties it."""
    backend = stack.backend
    running = stack.host(STORE)
    put(stack.ready(running) + "made.txt", b"changed")
    backend.stop(running)
    assert get(f"{running.address.url}/") is None
    assert backend.poll(running) is not None

    again = stack.host(STORE)
    assert get(stack.ready(again) + "made.txt") == b"changed"
    backend.stop(again)
    backend.stop(again)
    backend.erase(stack.instance, "store")
    backend.erase(stack.instance, "store")

    assert get(stack.ready(stack.host(STORE)) + "made.txt") == b"made once"


def test_a_command_that_fails_shows_its_log(stack: Stack) -> None:
    """A service that ends at once is seen to have ended, and its last words can be read."""
    broken = STORE.model_copy(update={"command": ("python", "-c", "raise SystemExit('no such setting: colour')")})
    running = stack.host(broken)
    assert wait_until(lambda: stack.backend.poll(running) is not None)
    assert "no such setting: colour" in stack.backend.logs(running)


def test_a_service_that_died_has_ended(stack: Stack) -> None:
    """Also where the backend starts it again by itself: a run that began with the first one met a closed door."""
    running = stack.host(STORE)
    get(f"{stack.ready(running)}end")
    assert wait_until(lambda: stack.backend.poll(running) is not None)
    assert not wait_until(lambda: stack.backend.poll(running) is None, 5)


def test_a_set_up_that_fails_stops_the_start(stack: Stack) -> None:
    """When a set-up command fails, the service's own command does not run."""
    setup = STORE.setup[0].model_copy(update={"run": ("python", "-c", "raise SystemExit('set-up broke')")})

    def host_and_see_end() -> str:
        running = stack.host(STORE.model_copy(update={"setup": (setup,)}))
        assert wait_until(lambda: stack.backend.poll(running) is not None)
        return stack.backend.logs(running)

    log = _log_or_error(host_and_see_end)
    assert ("set-up broke" in log, "listening" in log) == (True, False)


def _log_or_error(start: Callable[[], str]) -> str:
    """A backend may run the set-up within `host` (then it raises) or after it (then the log tells)."""
    try:
        return start()
    except ServiceFailed as error:
        return str(error)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
