"""Which grader a pod belongs to: a Lease that the grader renews while it lives, and that owns its pods.

The pods of a worker can't be owned by the worker's own pod: that lives in another namespace, which Kubernetes doesn't allow.
When a Lease goes, the cluster's garbage collector removes what it owns.
"""

from __future__ import annotations

import logging
import secrets
import threading
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

from grader.backends import owner
from grader.backends.containment import KIND, NAME
from grader.backends.kubernetes import manifests
from grader.backends.kubernetes.cluster import Cluster, ClusterError

SECONDS = 60
"""How long a sign of life counts."""
RENEW_SECONDS = 15
PATIENCE = 3
"""A Lease is dead after so many times SECONDS: clocks of machines differ, and a busy machine may be late."""
log = logging.getLogger(__name__)


class Owner:
    """This process's Lease, made when it is first needed. May be used by many threads."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._state = _State(cluster, namespace)
        self._finalizer = weakref.finalize(self, _State.close, self._state)

    def get(self) -> manifests.Owner:
        """The owner to put on a pod. Raises ClusterError."""
        return self._state.get()

    def close(self) -> None:
        """Delete it with all that it owns. Never raises."""
        self._finalizer()


class _State:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._lock = threading.Lock()
        self._held: manifests.Owner | None = None
        self._over = threading.Event()

    def get(self) -> manifests.Owner:
        with self._lock:
            if self._held is None:
                wanted = manifests.lease(f"grader-{secrets.token_hex(6)}", owner.current(), _now(), SECONDS)
                made = self._cluster.create(_leases(self._namespace), wanted)["metadata"]
                self._held = manifests.Owner(made["name"], made["uid"])
                threading.Thread(target=self._renew, args=(self._held.name,), name="lease", daemon=True).start()
            return self._held

    def close(self) -> None:
        self._over.set()
        with self._lock:
            held, self._held = self._held, None
        if held:
            try:
                end(self._cluster, self._namespace, held.name)
            except ClusterError as error:
                log.warning("the pods of %s were not removed, and end by themselves: %s", held.name, error)

    def _renew(self, name: str) -> None:
        while not self._over.wait(RENEW_SECONDS):
            try:
                self._cluster.merge(f"{_leases(self._namespace)}/{name}", {"spec": {"renewTime": _now()}})
            except ClusterError as error:
                log.warning("the sign of life %s could not be renewed: %s", name, error)
                if error.status == 404:  # somebody took us for dead: what it owned is gone, and the next pod needs another
                    with self._lock:
                        self._held = None
                    return


def reap(cluster: Cluster, namespace: str) -> list[str]:
    """End what dead graders left in the namespace; returns what their sandboxes were called. Raises ClusterError."""
    ended: list[str] = []
    for one in cluster.get(_leases(namespace), labelSelector=f"{KIND}=grader")["items"]:
        if is_dead(one, datetime.now(UTC)):
            ended += end(cluster, namespace, one["metadata"]["name"])
    return ended


def is_dead(lease: dict[str, Any], now: datetime) -> bool:
    """Whether the process is known to have ended, or gave no sign of life for long."""
    if owner.is_dead(lease["metadata"].get("annotations", {}).get("mlops-course.owner", "")):
        return True
    spec = lease["spec"]
    renewed = datetime.fromisoformat(spec["renewTime"])
    return now - renewed > timedelta(seconds=PATIENCE * spec["leaseDurationSeconds"])


def end(cluster: Cluster, namespace: str, name: str) -> list[str]:
    """Delete a Lease and its pods; returns what they were called. Raises ClusterError."""
    pods, its = f"/api/v1/namespaces/{namespace}/pods", f"{manifests.LEASE}={name}"
    found = cluster.get(pods, labelSelector=its)["items"]
    if found:
        cluster.delete(pods, labelSelector=its, gracePeriodSeconds="1")
    cluster.delete(f"{_leases(namespace)}/{name}", propagationPolicy="Background")
    return [one["metadata"]["annotations"][NAME] for one in found]


def _leases(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
