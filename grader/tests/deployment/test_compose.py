"""compose.yaml: comes up with one command, grades a real submission, and goes without leaving anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import docker
import pytest

from grader.course.tree import Lab
from grader.tests.contract.conftest import docker_backend
from grader.tests.deployment.classroom import Classroom
from grader.tests.deployment.compose import FILE, Compose, project

PAGE = FILE.parents[2] / "grader" / "docs" / "run-it-for-your-class.md"


@pytest.fixture
def compose() -> Iterator[Compose]:
    docker_backend()  # skips where no engine answers
    with project() as made:
        yield made


@pytest.mark.docker
@pytest.mark.timeout(1200)
def test_one_command_to_a_graded_submission(compose: Compose, lab04: Lab) -> None:
    """`up`, a link for the admin, and a student's solution over HTTP earns full marks, graded in a container. Its executed
    notebook is shown. Every container of ours but the worker is nobody and can write nothing; no password is in what the engine
    shows of them. `down` leaves nothing but the volumes of lab services."""
    for command in commands():
        if command.startswith("up"):
            compose(*command.split())
        elif command.startswith("exec"):
            classroom = Classroom(compose.url, compose("exec", "-T", *command.split()[1:]), lab04)
    submission = classroom.hand_in("ann", "solution")
    assert (classroom.earned(submission), classroom.scores()) == (100.0, {"ann": 100.0})
    assert "reproduces" in classroom.page(f"/submissions/{submission}")
    classroom.close()
    assert confinement(compose) == {
        "database": ("10001:10001", True, ["ALL"]),
        "server": ("10001:10001", True, ["ALL"]),
        "store": ("10001:10001", True, ["ALL"]),
        "worker": ("0:0", True, ["ALL"]),
    }
    compose("down", "--volumes", "--timeout", "60")
    assert [name for name in compose.left() if compose.instance not in name] == []


def commands() -> list[str]:
    """Those of the page's section on compose, without what stands for `docker compose -f …`."""
    section = PAGE.read_text(encoding="utf-8").partition("## On one machine with compose")[2].partition("\n## ")[0]
    found = re.findall(r"^    docker compose -f environments/deployment/compose.yaml (.+)$", section, re.MULTILINE)
    assert [command.split()[0] for command in found] == ["up", "exec", "logs", "down"]
    return found[:2]


def confinement(compose: Compose) -> dict[str, tuple[str, bool, list[str]]]:
    """User, read-only root and dropped capabilities of each container that runs."""
    engine = docker.from_env().api
    rows = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    files = compose("exec", "-T", "database", "cat", "/secrets/postgres-password", "/secrets/s3-secret-key")
    passwords = re.findall(r"[0-9a-f]{48}", files)
    assert len(passwords) == 2
    found = {}
    for row in rows:
        seen = engine.inspect_container(row["ID"])
        assert [password for password in passwords if password in json.dumps(seen)] == []
        host = seen["HostConfig"]
        found[row["Service"]] = (seen["Config"]["User"], host["ReadonlyRootfs"], host["CapDrop"])
    return found
