"""The cluster that tests run on: whatever `kubectl` reaches. Its nodes need our images, and its storage is used sparingly."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from grader.backends.protocol import Environment

if TYPE_CHECKING:
    from grader.backends.kubernetes.backend import KubernetesBackend
    from grader.backends.kubernetes.cluster import Cluster

REQUIRED = "MLOPS_REQUIRE_KUBERNETES"
"""With `1` tests use whatever cluster is configured, and fail where there is none. It may be anybody's, so not by default."""
LOAD = "MLOPS_KUBE_LOAD"
"""The command that loads images of this machine's Docker onto the nodes (`kind load docker-image`), their names appended."""
NAMESPACE = "MLOPS_KUBE_NAMESPACE"
VOLUMES = 4
LOADED: set[str] = set()


def backend(prepared: int, dockerfile: Path | None = None) -> KubernetesBackend:
    """A backend in namespaces of the tests' own; skips where no cluster is configured."""
    from grader.backends.kubernetes.backend import KubernetesBackend

    os.environ.setdefault(NAMESPACE, "mlops-tests")
    cluster()
    return KubernetesBackend(dockerfile, prepared)


def cluster() -> Cluster:
    """Calls to its API, past the backend; skips where nobody gave a cluster to the tests."""
    from grader.backends.kubernetes.cluster import connect

    if os.environ.get(REQUIRED) != "1":
        pytest.skip(f"tests make pods and namespaces on the cluster that kubectl reaches only if {REQUIRED}=1 allows it")
    return connect()


def load(environment: Environment, dockerfile: Path | None, name: str) -> None:
    """Have the environment's image on every node: built, and loaded by the command that MLOPS_KUBE_LOAD names."""
    from grader.backends.docker.backend import DockerBackend

    with FileLock(Path(tempfile.gettempdir()) / "mlops-tests-load.lock"):
        nodes = cluster().get("/api/v1/nodes")["items"]
        there = [any(known.endswith(name) for one in node["status"]["images"] for known in one["names"]) for node in nodes]
        if all(there) or not os.environ.get(LOAD) or name in LOADED:
            return
        assert DockerBackend(dockerfile).publish(environment) == name
        subprocess.run([*shlex.split(os.environ[LOAD]), name], check=True, capture_output=True, timeout=600)
        LOADED.add(name)  # a node tells its images a moment later


@contextmanager
def volumes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A storage class of this test's own, with folders of this machine for volumes, where this machine is the only node;
    elsewhere the cluster's default."""
    api, name = cluster(), f"mlops-tests-{uuid.uuid4().hex[:8]}"
    nodes = api.get("/api/v1/nodes")["items"]
    addresses = {one["address"] for node in nodes for one in node["status"]["addresses"] if one["type"] == "InternalIP"}
    if len(nodes) != 1 or not any(_is_ours(address) for address in addresses):
        yield
        return
    monkeypatch.setenv("MLOPS_KUBE_STORAGE", name)
    paths = [folder / f"volume-{number}" for number in range(VOLUMES)]
    for path in paths:
        path.mkdir(mode=0o777)
        api.create("/api/v1/persistentvolumes", _volume(f"{name}-{path.name}", name, path, nodes[0]["metadata"]["name"]))
    try:
        yield
    finally:
        for path in paths:
            api.delete(f"/api/v1/persistentvolumes/{name}-{path.name}")


def _volume(name: str, storage_class: str, path: Path, node: str) -> dict[str, object]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "5Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _is_ours(address: str) -> bool:
    try:
        with socket.socket() as probe:
            probe.bind((address, 0))
            return True
    except OSError:
        return False
