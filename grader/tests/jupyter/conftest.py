"""One learner who has started lab 04, with JupyterLab as `mlops start 04 --lab` runs it, and a browser to look at it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from grader.tests import kept
from grader.tests.path.conftest import MLOPS, Command

LAB = "04-experiment-tracking"
TOKEN = "a-token-of-the-tests"
SECONDS = 90


@dataclass(frozen=True)
class Jupyter:
    """A JupyterLab that runs."""

    url: str

    def post(self, address: str, *, token: str = TOKEN, **body: Any) -> requests.Response:
        """Ask the server extension."""
        about = {"Authorization": f"token {token}"}
        return requests.post(f"{self.url}/mlops/api/{address}", json=body, headers=about, timeout=SECONDS)

    def page(self, path: str) -> str:
        """The address of a file in JupyterLab, for a browser that has not signed in yet."""
        return f"{self.url}/lab/tree/{path}?token={TOKEN}"


@pytest.fixture(scope="session")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A learner whose home is this session's own; services are up until its end."""
    command = Command(kept.home(tmp_path_factory.mktemp("jupyter-home")), tmp_path_factory.mktemp("jupyter-work"))
    started = command("start", "04")
    assert started.returncode == 0, started.stderr
    yield command
    command("stop")


@pytest.fixture(scope="session")
def folder(learner: Command) -> Path:
    """Where the learner works."""
    return learner.work / LAB


@pytest.fixture
def fresh(learner: Command, folder: Path) -> Path:
    """The folder with the starter in it, whatever a test before has written there."""
    assert learner("reset", "04").returncode == 0
    return folder


@pytest.fixture(scope="session")
def jupyter(learner: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """JupyterLab as `mlops start 04 --lab` brings it up."""
    with serving(learner, tmp_path_factory.mktemp("jupyter-configuration"), "start", "04", "--lab") as found:
        yield found


@pytest.fixture(scope="session")
def repository(learner: Command) -> Path:
    """The capstone's folder, as `mlops capstone init` made it, with a first commit of the project file alone."""
    assert learner("capstone", "init").returncode == 0
    folder = learner.work / "churn-predictor"
    author = ("-c", "user.name=L", "-c", "user.email=l@localhost")
    for command in (("init", "-q", "-b", "main"), ("add", "pyproject.toml"), (*author, "commit", "-q", "-m", "wip")):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


@pytest.fixture(scope="session")
def capstone(learner: Command, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """JupyterLab as `mlops capstone lab` brings it up."""
    with serving(learner, tmp_path_factory.mktemp("capstone-configuration"), "capstone", "lab") as found:
        yield found


@contextlib.contextmanager
def serving(learner: Command, place: Path, *command: str) -> Iterator[Jupyter]:
    """JupyterLab as a command brings it up, with a configuration that opens no browser window."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = {
        "ServerApp": {"open_browser": False, "port": port, "port_retries": 0, "ip": "127.0.0.1"},
        "IdentityProvider": {"token": TOKEN},
        "LabApp": {"expose_app_in_browser": True},
    }
    (place / "jupyter_server_config.json").write_text(json.dumps(configuration))
    own = {f"JUPYTER{name}_DIR": str(place / name.lower()) for name in ("_RUNTIME", "LAB_SETTINGS", "LAB_WORKSPACES")}
    log = place / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*MLOPS, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=learner.work,
            env={**learner.variables, **own, "JUPYTER_CONFIG_DIR": str(place), "BROWSER": "true"}, start_new_session=True,
        )  # fmt: skip
    found = Jupyter(f"http://127.0.0.1:{port}")
    try:
        wait_for(found, process, log)
        yield found
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(jupyter: Jupyter, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            requests.get(f"{jupyter.url}/api", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)  # another process's doing; nothing tells when
        else:
            return
