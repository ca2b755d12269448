"""The three services on the local backend, started once from their YAML files, and namespaces on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.backends.local.backend import LocalBackend
from grader.backends.protocol import Running
from grader.course.tree import Course, find_course
from grader.services.mlflow import MlflowService
from grader.services.postgres import PostgresService
from grader.services.protocol import Grant, Service
from grader.services.s3 import S3Service
from grader.stack.stack import Stack
from grader.tests import kept

THIS_CHECKOUT = Path(__file__).parents[3]
Services = dict[str, Service]


@dataclass
class Namespace:
    """A run's namespace on all three services, and what the run was given for it."""

    name: str
    services: Services
    running: dict[str, Running]
    grants: dict[str, Grant] = field(default_factory=dict)

    def open(self) -> None:
        for name, service in self.services.items():
            self.grants[name] = service.open(self.name, self.running[name].address)

    def close(self) -> None:
        for service in self.services.values():
            service.close(self.name)


@pytest.fixture(scope="session")
def course() -> Course:
    return find_course(THIS_CHECKOUT)


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> LocalBackend:
    """A local backend with data of its own; its virtual environments are kept from session to session."""
    return LocalBackend(kept.home(tmp_path_factory.mktemp("services")))


@pytest.fixture(scope="session")
def stack(course: Course, backend: LocalBackend) -> Iterator[Stack]:
    stack = Stack(course, backend, backend.home)
    with stack.use(["mlflow"]):
        yield stack


@pytest.fixture(scope="session")
def running(stack: Stack) -> dict[str, Running]:
    return stack.running()


@pytest.fixture(scope="session")
def services(stack: Stack, running: dict[str, Running]) -> Services:
    return {name: stack.service(running[name]) for name in ("postgres", "s3", "mlflow")}


@pytest.fixture
def mlflow(services: Services) -> MlflowService:
    service = services["mlflow"]
    assert isinstance(service, MlflowService)
    return service


@pytest.fixture
def s3(services: Services) -> S3Service:
    service = services["s3"]
    assert isinstance(service, S3Service)
    return service


@pytest.fixture
def postgres(services: Services) -> PostgresService:
    service = services["postgres"]
    assert isinstance(service, PostgresService)
    return service


def _namespace(services: Services, running: dict[str, Running]) -> Iterator[Namespace]:
    namespace = Namespace(f"run-{uuid.uuid4().hex[:10]}", services, running)
    namespace.open()
    yield namespace
    namespace.close()


@pytest.fixture
def mine(services: Services, running: dict[str, Running]) -> Iterator[Namespace]:
    """A namespace."""
    yield from _namespace(services, running)


@pytest.fixture
def other(services: Services, running: dict[str, Running]) -> Iterator[Namespace]:
    """Somebody else's namespace."""
    yield from _namespace(services, running)
