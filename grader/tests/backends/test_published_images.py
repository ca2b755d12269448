"""An environment's image under the name that a cluster looks for."""

from __future__ import annotations

import docker
import pytest

from grader.backends.docker.backend import DockerBackend
from grader.backends.kubernetes.backend import IMAGES, KubernetesBackend
from grader.backends.protocol import Environment
from grader.errors import OurFault
from grader.tests.contract.conftest import DOCKERFILE, docker_backend

pytestmark = pytest.mark.docker
NOWHERE = "127.0.0.1:9/course"


def test_both_backends_call_an_image_the_same(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Docker builds is what the cluster's nodes are asked for, in a registry's path too."""
    builds, runs = docker_backend(prepared=False), KubernetesBackend(DOCKERFILE)
    assert isinstance(builds, DockerBackend)
    monkeypatch.delenv(IMAGES, raising=False)
    called = builds.publish(environment)
    assert (called, docker.from_env().images.get(called).id) == (runs.prepare(environment), builds.prepare(environment))
    monkeypatch.setenv(IMAGES, "registry.example/mlops")
    assert runs.prepare(environment) == called.replace("mlops-course/", "registry.example/mlops/")


def test_a_registry_that_refuses(environment: Environment) -> None:
    """Its own words, under the image's name there."""
    builds = docker_backend(prepared=False)
    assert isinstance(builds, DockerBackend)
    with pytest.raises(OurFault, match=rf"{NOWHERE}/contract:\w+ could not be pushed: .*refused"):
        builds.publish(environment, NOWHERE)
    docker.from_env().images.remove(KubernetesBackend(DOCKERFILE).prepare(environment).replace("mlops-course", NOWHERE))
