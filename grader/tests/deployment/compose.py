"""`docker compose` on the project's file, as a project of a test's own."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import pytest

from grader.tests.deployment import images

FILE = Path(__file__).resolve().parents[3] / "environments" / "deployment" / "compose.yaml"
INSTANCE = "mlops-course.instance"


class Compose:
    """One project, on ports that were free a moment ago."""

    def __init__(self) -> None:
        self.name = f"mlops-test-{secrets.token_hex(4)}"
        self.port, database, store = free_ports(3)
        self._variables = {
            **os.environ, "MLOPS_PORT": f"{self.port}", "MLOPS_DATABASE_PORT": f"{database}", "MLOPS_STORE_PORT": f"{store}",
            "MLOPS_TAG": images.tag(), "MLOPS_JOBS": "2", "COMPOSE_PROGRESS": "plain",
        }  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def instance(self) -> str:
        """The lab services' instance of its worker: that of its home."""
        return f"docker-{hashlib.sha256(f'/var/lib/mlops-worker/{self.name}'.encode()).hexdigest()[:8]}"

    def __call__(self, *words: str) -> str:
        """What the command prints; its own words where it fails."""
        command = ["docker", "compose", "--project-name", self.name, "--file", str(FILE), *words]
        ran = subprocess.run(command, capture_output=True, text=True, env=self._variables, check=False)
        assert ran.returncode == 0, f"{' '.join(words)}: {ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def left(self) -> list[str]:
        """Names of all that the engine has of this project and of its lab services."""
        engine, found = docker.from_env(), list[str | None]()
        for label in (f"com.docker.compose.project={self.name}", f"{INSTANCE}={self.instance}"):
            found += [one.name for one in engine.containers.list(all=True, filters={"label": label})]
            found += [one.name for one in engine.volumes.list(filters={"label": label})]
            found += [one.name for one in engine.networks.list(filters={"label": label})]
        return sorted(name for name in found if name)


@contextmanager
def project() -> Iterator[Compose]:
    """A project that is taken down with all it holds at the end, its lab services' data included. Skips without compose."""
    if shutil.which("docker") is None or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("`docker compose version` fails, and CI must have it")
        pytest.skip("there is no `docker compose` here")
    made = Compose()
    try:
        yield made
    finally:
        with suppress(AssertionError):
            made("down", "--volumes", "--remove-orphans", "--timeout", "60")
        for volume in docker.from_env().volumes.list(filters={"label": f"{INSTANCE}={made.instance}"}):
            volume.remove(force=True)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
