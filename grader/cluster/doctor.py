"""All looks at a cluster, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from grader.backends.kubernetes.cluster import Cluster, ClusterError
from grader.cluster import looks, trial
from grader.cluster.finding import Finding

Look = Callable[[], Finding]


def examine(cluster: Cluster, prefix: str, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """What the cluster has of what we need, each as soon as it is known.

    `prefix` begins the names of the namespaces that are to be used; `wanted` are the environments' images by name. What is
    started for it is in a namespace of its own, and gone at the end.
    """
    for what, look in {
        "API": lambda: looks.version(cluster),
        "rights": lambda: looks.rights(cluster, prefix),
        "storage": lambda: looks.storage(cluster),
        "metrics": lambda: looks.metrics(cluster),
    }.items():
        yield _found(what, look)
    try:
        with trial.namespace(cluster) as place:
            yield _found("Pod Security", lambda: trial.pod_security(cluster, place))
            having, image = trial.images(cluster, place, wanted)
            yield having
            yield _found("network", lambda: trial.network(cluster, place, image))
    except ClusterError as error:
        cure = "run this as somebody who may make and delete namespaces"
        yield Finding("trial", False, f"Pod Security, images and network were not looked at: {error} ({cure})")


def _found(what: str, look: Look) -> Finding:
    try:
        return look()
    except ClusterError as error:
        return Finding(what, False, f"the API refuses to tell: {error}")
