"""Services of the cluster, reached from a machine that its network doesn't reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.backends.kubernetes import forward
from grader.backends.kubernetes.backend import KubernetesBackend
from grader.backends.kubernetes.cluster import ClusterError
from grader.backends.protocol import Environment
from grader.tests import clusters
from grader.tests.contract.conftest import DOCKERFILE
from grader.tests.contract.kernel import wait_until
from grader.tests.contract.test_hosting import STORE, Stack, get, put

pytestmark = pytest.mark.kubernetes


@pytest.fixture
def backend(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> KubernetesBackend:
    made = clusters.backend(0, DOCKERFILE)
    clusters.load(environment, DOCKERFILE, made.prepare(environment))
    monkeypatch.setenv(forward.REACH, "forward")
    return made


@pytest.fixture
def stack(
    backend: KubernetesBackend, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    stack = Stack(backend, environment)
    with clusters.volumes(tmp_path, monkeypatch):
        yield stack
        for running in stack.running:
            backend.stop(running)
        backend.erase(stack.instance, "store")


def test_a_service_is_reached_through_the_api(stack: Stack) -> None:
    """At the caller's ports of this machine's loopback, for large bodies too; another process that finds it written down
    reaches it at the same ports, once the first is gone; `stop` closes them."""
    running = stack.host(STORE)
    url, content = stack.ready(running), bytes(range(256)) * 20_000
    put(url + "large", content)
    assert (running.address.host, get(url + "large")) == ("127.0.0.1", content)

    backend = stack.backend
    assert isinstance(backend, KubernetesBackend)
    backend._hosting._forwards.stop(running.handle["name"])
    assert get(url) is None
    second = KubernetesBackend(DOCKERFILE, 0)
    assert (second.poll(running), get(url + "large")) == (None, content)
    second.stop(running)
    assert get(url) is None


def test_a_service_whose_pod_was_replaced_has_ended(stack: Stack) -> None:
    """The cluster makes another pod in its place, which answers at the same address: not what a run began with."""
    running = stack.host(STORE)
    stack.ready(running)
    pod, api = f"/api/v1/namespaces/mlops-tests-services/pods/{running.handle['name']}-0", clusters.cluster()
    first = api.get(pod)["metadata"]["uid"]
    api.delete(pod, gracePeriodSeconds="0")

    def replaced() -> bool:
        try:
            found = api.get(pod)
        except ClusterError:
            return False
        return bool(found["metadata"]["uid"] != first and found["status"]["phase"] == "Running")

    assert wait_until(replaced)
    assert "made anew" in (stack.backend.poll(running) or "")
