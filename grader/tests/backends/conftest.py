"""The docker backend with single-use containers, for the tests of what only it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.contract.conftest import docker_backend, environment, opened

if TYPE_CHECKING:
    from grader.backends.protocol import Backend

__all__ = ["environment", "opened"]


@pytest.fixture(scope="session")
def backend() -> Backend:
    return docker_backend(prepared=False)
