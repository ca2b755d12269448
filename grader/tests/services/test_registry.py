"""The container registry lets nobody in without its account. (Pushing and reading: grader/tests/backends/test_building.py.)"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from grader.course.tree import Course
from grader.errors import ServiceFailed
from grader.services.registry import RegistryService
from grader.stack.stack import Stack
from grader.tests.contract.conftest import docker_backend

pytestmark = [pytest.mark.docker, pytest.mark.services]


@pytest.fixture(scope="module")
def registry(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryService]:
    stack = Stack(course, docker_backend(prepared=False), tmp_path_factory.mktemp("registry"))
    with stack.use(["registry"]) as running:
        service = stack.service(running["registry"])
        assert isinstance(service, RegistryService)
        yield service
    stack.reset()


def test_only_its_account_gets_in(registry: RegistryService) -> None:
    """Neither a stranger nor a guessed password reads or writes anything."""
    root = registry.address.url
    tried = {
        "nobody": requests.get(f"{root}/v2/_catalog", timeout=10).status_code,
        "guessed": requests.get(f"{root}/v2/_catalog", auth=("course", "guessed"), timeout=10).status_code,
        "upload": requests.post(f"{root}/v2/a/b/blobs/uploads/", timeout=10).status_code,
    }
    assert tried == {"nobody": 401, "guessed": 401, "upload": 401}
    registry.check()


def test_another_password_is_our_fault(registry: RegistryService) -> None:
    """The grader says so instead of finding an empty registry."""
    with pytest.raises(ServiceFailed, match="refused GET /v2/: 401"):
        RegistryService(registry.address, {"password": "guessed"}).check()


def test_an_empty_namespace(registry: RegistryService) -> None:
    """No repositories, no tags, no digest; closing it does nothing."""
    ask = registry.questions("run-empty")
    assert (ask.repositories(), ask.tags("x"), ask.digest("x", "y")) == ([], [], "")
    with pytest.raises(KeyError):
        ask.labels("x", "y")
    registry.close("run-empty")
