"""From lock file to image, and what is said when there is no engine."""

from __future__ import annotations

import json
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import docker
import pytest

from grader.backends import owner
from grader.backends.docker.backend import DockerBackend
from grader.backends.protocol import Environment
from grader.errors import BadInput, OurFault, Unavailable
from grader.spec.environment import EnvironmentSpec
from grader.tests.contract.conftest import DOCKERFILE
from grader.tests.contract.kernel import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker.models.containers import Container

    from grader.backends.protocol import Backend


@pytest.fixture
def own(backend: Backend, environment: Environment, tmp_path: Path) -> Iterator[Environment]:
    """An environment with a Dockerfile of its own; its images are removed at the end."""
    folder = tmp_path / "own"
    shutil.copytree(environment.folder, folder)
    (folder / "Dockerfile").write_text("FROM python:3.11-slim-bookworm\nCOPY uv.lock /\nRUN echo made-here > /mark\n")
    spec = EnvironmentSpec.model_validate(
        {"schema": 1, "id": f"test-{uuid.uuid4().hex[:8]}", "title": "Own", "purpose": "A test."}
    )
    yield Environment(spec, folder)
    client = docker.from_env()
    for image in client.images.list(f"mlops-course/{spec.id}"):
        client.images.remove(str(image.id), force=True)


@pytest.mark.docker
def test_an_image_is_built_once_for_a_lock(backend: Backend, own: Environment) -> None:
    """The same files give the same image; a changed lock gives another. The environment's own Dockerfile is used."""
    first = backend.prepare(own)
    assert backend.prepare(own) == first
    client = docker.from_env()
    assert client.containers.run(first, ["cat", "/mark"], remove=True) == b"made-here\n"
    lock = own.folder / "uv.lock"
    lock.write_text(lock.read_text() + "\n# changed\n")
    assert backend.prepare(own) != first
    assert len(client.images.list(f"mlops-course/{own.spec.id}")) == 2


@pytest.mark.docker
def test_debian_packages_of_an_environment_are_in_its_image(backend: Backend, own: Environment) -> None:
    """What `system` names can be run by a sandbox's user; another list is another image."""
    (own.folder / "Dockerfile").unlink()  # so that the shared one builds it
    with_git = Environment(own.spec.model_copy(update={"system": ("git",)}), own.folder)
    image = backend.prepare(with_git)
    found = docker.from_env().containers.run(image, ["git", "--version"], remove=True, user="65534").decode()
    assert found.startswith("git version 2.")
    (own.folder / "Dockerfile").write_text("FROM python:3.11-slim-bookworm\nCOPY system-packages /\n")
    lists = [(), ("git",), ("git", "curl")]
    images = [backend.prepare(Environment(own.spec.model_copy(update={"system": names}), own.folder)) for names in lists]
    said = [docker.from_env().containers.run(i, ["cat", "/system-packages"], remove=True).decode() for i in images]
    assert said == ["", "git\n", "git\ncurl\n"]


TWO_STAGES = """\
FROM python:3.11-slim-bookworm AS build
RUN head -c 32 /dev/urandom > /made
ARG STAGE
LABEL mlops-course.stage=$STAGE mlops-course.test={id}
FROM python:3.11-slim-bookworm
{wait}
COPY --from=build /made /made
"""
"""As the shared Dockerfile is made: what the first stage holds is copied after the second one's own steps."""
WAIT = "RUN for i in $(seq 600); do if [ -e /go-on ]; then break; fi; sleep 0.2; done # {id}"


def steps(build: str) -> list[Container]:
    """The containers in which steps of a build run now."""
    running = docker.from_env().containers.list(ignore_removed=True)
    return [one for one in running if f"# {build}" in str(one.attrs["Config"]["Cmd"])]


@pytest.mark.docker
def test_builds_side_by_side_leave_each_other_s_stages_alone(backend: Backend, own: Environment) -> None:
    """A build that ends while another has its first stage done, and not yet copied from it, takes away its own stage only.
    After both nothing of either stage is on the engine."""
    (own.folder / "Dockerfile").write_text(TWO_STAGES.format(id=own.spec.id, wait=WAIT.format(id=own.spec.id)))
    other = Environment(own.spec, own.folder.with_name("other"))
    shutil.copytree(own.folder, other.folder)
    (other.folder / "Dockerfile").write_text(TWO_STAGES.format(id=own.spec.id, wait=""))
    stages = {"dangling": True, "label": f"mlops-course.test={own.spec.id}"}
    engine = docker.from_env()
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(DockerBackend().prepare, own)
        assert wait_until(lambda: steps(own.spec.id), 120)
        fast = backend.prepare(other)
        (waiting,) = steps(own.spec.id)
        assert waiting.exec_run(["touch", "/go-on"]).exit_code == 0
        assert slow.result() != fast
    assert engine.images.list(filters=stages) == []


@pytest.mark.docker
def test_a_build_that_fails_shows_its_last_lines(backend: Backend, own: Environment) -> None:
    """The installer's own words come up, and no image is left behind under the tag."""
    (own.folder / "Dockerfile").write_text(
        "FROM python:3.11-slim-bookworm\nRUN seq 100; echo 'no version of x satisfies y' >&2; exit 3\n"
    )
    with pytest.raises(OurFault) as raised:
        backend.prepare(own)
    text = str(raised.value)
    assert ("no version of x satisfies y" in text, "returned a non-zero code: 3" in text) == (True, True)
    assert len(text.splitlines()) == 21
    assert docker.from_env().images.list(f"mlops-course/{own.spec.id}") == []


@pytest.mark.docker
def test_the_image_holds_the_environment_and_no_installer(backend: Backend, environment: Environment) -> None:
    """uv, its cache and the build's folder stay behind; the environment's Python comes first and can't be written."""
    image = backend.prepare(environment)
    script = (
        "command -v python; command -v uv || echo no uv; ls -d /build /opt/uv 2>/dev/null || echo no leftovers;"
        "python -c 'import ipykernel; print(ipykernel.__version__)'; touch /opt/environment/x 2>/dev/null || echo sealed;"
        "find /opt/environment -path '*/ipykernel/__pycache__/ipkernel.*' | wc -l"
    )
    found = docker.from_env().containers.run(image, ["sh", "-c", script], remove=True, user="65534")
    assert found.decode().splitlines() == [
        "/opt/environment/bin/python",
        "no uv",
        "no leftovers",
        "7.4.0",
        "sealed",
        "1",
    ]


def test_a_missing_lock_is_bad_input(tmp_path: Path) -> None:
    """The message names the file that isn't there."""
    from grader.backends.docker.images import Images

    spec = EnvironmentSpec.model_validate({"schema": 1, "id": "none", "title": "None", "purpose": "A test."})
    with pytest.raises(BadInput, match=r"needs the file .*pyproject\.toml"):
        Images(None, DOCKERFILE).prepare(Environment(spec, tmp_path))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("unix:///nonexistent/docker.sock", r"no Docker engine answers at unix:///nonexistent/docker.sock \(from DOCKER"),
        ("tcp://127.0.0.1:9", r"no Docker engine answers at tcp://127.0.0.1:9 \(from DOCKER_HOST\)"),
    ],
)
def test_no_engine_is_unavailable_with_the_cure(monkeypatch: pytest.MonkeyPatch, host: str, expected: str) -> None:
    """The message says where it looked and how to start an engine."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(Unavailable, match=expected) as raised:
        DockerBackend().probe()
    assert "start Docker Desktop" in raised.value.next_step


def test_owners_that_live_and_that_died() -> None:
    """Only a process of this machine that is known to have ended is dead; a used-again number is another process."""
    mine = json.loads(owner.current())
    assert {
        "mine": owner.is_dead(owner.current()),
        "ended": owner.is_dead(json.dumps({**mine, "pid": 2**30})),
        "number used again": owner.is_dead(json.dumps({**mine, "started": "1"})),
        "before the last boot": owner.is_dead(json.dumps({**mine, "boot": "other"})),
        "of another machine": owner.is_dead(json.dumps({**mine, "host": "other", "pid": 2**30})),
        "no owner": owner.is_dead(""),
    } == {
        "mine": False,
        "ended": True,
        "number used again": True,
        "before the last boot": True,
        "of another machine": False,
        "no owner": False,
    }
