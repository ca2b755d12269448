"""Looks at a cluster that start nothing in it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.backends.kubernetes.rights import SANDBOXES, SERVICES, Right
from grader.cluster.finding import Finding

OLDEST = (1, 29)
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
AT_ONCE = 8


def version(cluster: Cluster) -> Finding:
    """The API's own version. Raises ClusterError."""
    said = str(cluster.get("/version")["gitVersion"])
    found = re.match(r"v(\d+)\.(\d+)", said)
    good = found is not None and (int(found[1]), int(found[2])) >= OLDEST
    cure = "" if good else f" (upgrade the cluster to {OLDEST[0]}.{OLDEST[1]} or newer)"
    return Finding("API", good, f"{said} at {cluster.where}{cure}")


def rights(cluster: Cluster, prefix: str) -> Finding:
    """Whether who asks may do all that workers do. Raises ClusterError."""
    places = {f"{prefix}-sandboxes": SANDBOXES, f"{prefix}-services": SERVICES}
    asked = [(place, right, verb) for place, all_of in places.items() for right in all_of for verb in right.verbs]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda one: _may(cluster, *one), asked))
    lacking = [
        f"{verb} {right.resource} in {place}" for (place, right, verb), may in zip(asked, answers, strict=True) if not may
    ]
    if not lacking:
        return Finding("rights", True, f"all {len(asked)} that workers use in {' and '.join(places)}")
    cure = "the chart's Roles give them to its workers; `kubectl auth can-i --list` shows yours"
    return Finding("rights", False, f"not allowed: {', '.join(lacking)} ({cure})")


def metrics(cluster: Cluster) -> Finding:
    """Whether the cluster measures its nodes. Raises ClusterError."""
    try:
        nodes = len(cluster.get(METRICS)["items"])
    except ClusterError as error:
        if error.status not in (403, 404, 503):
            raise
        cure = "install metrics-server; without it `kubectl top` and autoscaling by load don't work"
        return Finding("metrics", False, f"no metrics API ({cure})", needed=False)
    return Finding("metrics", True, f"of {nodes} node(s)", needed=False)


def storage(cluster: Cluster) -> Finding:
    """Whether a claim that names no class gets a volume. Raises ClusterError."""
    found = cluster.get(CLASSES)["items"]
    default = [_name(one) for one in found if one["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"]
    if default:
        return Finding("storage", True, f"class {default[0]} is the default")
    names = ", ".join(map(_name, found)) or "none"
    cure = "annotate one as the default, or name one in the chart's values, and in MLOPS_KUBE_STORAGE for graders elsewhere"
    return Finding("storage", False, f"no default StorageClass among {names} ({cure})")


def _may(cluster: Cluster, place: str, right: Right, verb: str) -> bool:
    resource, _, part = right.resource.partition("/")
    attributes = {"verb": verb, "group": right.group, "resource": resource, "subresource": part, "namespace": place}
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }  # fmt: skip
    return bool(cluster.create(REVIEWS, review)["status"]["allowed"])


def _name(one: Json) -> str:
    return str(one["metadata"]["name"])
