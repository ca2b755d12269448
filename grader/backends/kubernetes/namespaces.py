"""The namespaces that the backend works in: there beforehand (a chart made them), or made here."""

from __future__ import annotations

import os
from contextlib import suppress

from grader.backends.kubernetes import manifests, service_manifests
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.errors import Unavailable

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
    pods = int(os.environ.get(PODS) or DEFAULT_PODS)
    return [manifests.closed_network(), manifests.quota(pods), manifests.limit_range()]


def of_services() -> list[Json]:
    """What the services' namespace holds beside services."""
    return [manifests.closed_network(), service_manifests.open_to_graders()]


def ensure(cluster: Cluster, name: str, contents: list[Json]) -> None:
    """Have a namespace, closed to the network before anything runs in it. Raises Unavailable, with what is not allowed."""
    try:
        if not _is_there(cluster, name, contents):
            with suppress_conflict():
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
    with suppress_conflict():
        cluster.create(path, wanted)


class suppress_conflict:  # noqa: N801  # like contextlib.suppress
    """Somebody else has made it meanwhile."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return isinstance(error, ClusterError) and error.status == 409
