"""The namespaces that the backend works in: there beforehand (a chart made them), or made here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from grader.backends.kubernetes import manifests, service_manifests
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.errors import BadInput, Unavailable

PREFIX = "MLOPS_KUBE_NAMESPACE"
DEFAULT_PREFIX = "mlops"
PODS = "MLOPS_KUBE_PODS"
DEFAULT_PODS = 500
"""Most sandboxes' pods at once, those that wait among them."""
COLLECTIONS = {
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "ResourceQuota": "/api/v1/namespaces/{}/resourcequotas",
    "LimitRange": "/api/v1/namespaces/{}/limitranges",
}


def sandboxes() -> str:
    """The namespace of the sandboxes."""
    return f"{os.environ.get(PREFIX) or DEFAULT_PREFIX}-sandboxes"


def services() -> str:
    """The namespace of the labs' services."""
    return f"{os.environ.get(PREFIX) or DEFAULT_PREFIX}-services"


def of_sandboxes() -> list[Json]:
    """What the sandboxes' namespace holds beside pods."""
    return [manifests.closed_network(), manifests.quota(number(PODS, DEFAULT_PODS)), manifests.limit_range()]


def number(variable: str, default: int) -> int:
    """The whole number in an environment variable. Raises BadInput."""
    said = os.environ.get(variable) or str(default)
    if not said.isdecimal():
        raise BadInput(f"{variable} is {said!r}, not a whole number", f"unset it for {default}, or set another")
    return int(said)


def of_services() -> list[Json]:
    """What the services' namespace holds beside services."""
    return [manifests.closed_network(), service_manifests.open_to_graders()]


def ensure(cluster: Cluster, name: str, contents: list[Json]) -> None:
    """Have a namespace, closed to the network before anything runs in it. Raises Unavailable, with what is not allowed."""
    try:
        if not _is_there(cluster, name, contents):
            with conflict_ignored():
                cluster.create("/api/v1/namespaces", manifests.namespace(name))
        for each in contents:
            _put(cluster, name, each)
    except ClusterError as error:
        raise Unavailable(
            f"namespace {name} can't be used on the cluster {cluster.where}: {error}",
            "install the chart, which makes it, or use a kubeconfig that may; MLOPS_KUBE_NAMESPACE sets the names' prefix",
        ) from error


def _is_there(cluster: Cluster, name: str, contents: list[Json]) -> bool:
    """Told by what it holds: a grader of a cluster may look into its namespaces, and not at the list of all."""
    with suppress(ClusterError):
        cluster.get(f"{COLLECTIONS[contents[0]['kind']].format(name)}/{contents[0]['metadata']['name']}")
        return True
    return False


def _put(cluster: Cluster, name: str, wanted: Json) -> None:
    path = COLLECTIONS[wanted["kind"]].format(name)
    with suppress(ClusterError):
        found = cluster.get(f"{path}/{wanted['metadata']['name']}")
        # Whoever installed the namespace may have chosen another quota; what closes the network is ours to say.
        if wanted["kind"] != "NetworkPolicy" or found["spec"] == wanted["spec"]:
            return
        cluster.delete(f"{path}/{wanted['metadata']['name']}")
    with conflict_ignored():
        cluster.create(path, wanted)


@contextmanager
def conflict_ignored() -> Iterator[None]:
    """Somebody else has made it meanwhile."""
    try:
        yield
    except ClusterError as error:
        if error.status != 409:
            raise
