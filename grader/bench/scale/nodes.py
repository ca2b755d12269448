"""Simulated nodes (kwok) on the API server of a real cluster, and a namespace for the pods of a run."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from grader.backends.kubernetes import namespaces
from grader.backends.kubernetes.cluster import Cluster, ClusterError
from grader.backends.local.processes import tail
from grader.errors import Unavailable

LABEL = "mlops-course.scale"
TAINT = {"key": LABEL, "value": "simulated", "effect": "NoSchedule"}
"""Nobody else's pods are scheduled here."""
STAGES = Path(__file__).with_name("stages.yaml")
TOLERATION = {"key": LABEL, "operator": "Exists", "effect": "NoSchedule"}
SIZE = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
READY_SECONDS = 900
WAIT_SECONDS = 3
VERSION = "v0.8.0"
CURE = f"go install sigs.k8s.io/kwok/cmd/kwok@{VERSION}, and name the program by --kwok or have it on PATH"
Json = dict[str, Any]


class Simulated:
    """A context: nodes, a namespace closed as the backend closes it, and kwok while it lasts. At its end they are gone."""

    def __init__(self, cluster: Cluster, count: int, kwok: str, log: Path, lease_seconds: int) -> None:
        """`kwok` is its program. A node's lease is renewed four times in `lease_seconds`, as a kubelet does it.

        Raises Unavailable without the program. Nothing is made yet.
        """
        found = shutil.which(kwok)
        if found is None:
            raise Unavailable(f"there is no program {kwok!r} to simulate nodes", CURE)
        self.id, self.count, self._cluster = f"scale-{secrets.token_hex(3)}", count, cluster
        self._command = [
            found, "--kubeconfig", cluster_file(), "--config", str(STAGES), "--manage-all-nodes=false", "--v=WARN",
            f"--manage-nodes-with-label-selector={LABEL}={self.id}", f"--node-lease-duration-seconds={lease_seconds}",
            "--cidr=10.200.0.0/16",
        ]  # fmt: skip
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def namespace(self) -> str:
        """Where the pods are made."""
        return f"{self.id}-sandboxes"

    def __enter__(self) -> Simulated:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        pods = f"/api/v1/namespaces/{self.namespace}/pods"
        self._cluster.delete(pods, gracePeriodSeconds="0")
        self._cluster.delete(f"/api/v1/namespaces/{self.namespace}")
        _wait("its namespace goes", lambda: not self._there(f"/api/v1/namespaces/{self.namespace}"))
        if self._process is not None:  # before the nodes go, lest it make their leases again
            self._process.terminate()
            self._process.wait()
        self._cluster.delete("/api/v1/nodes", labelSelector=f"{LABEL}={self.id}")

    def pods(self) -> int:
        """How many pods there are now."""
        return len(self._cluster.get(f"/api/v1/namespaces/{self.namespace}/pods")["items"])

    def _start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        namespaces.ensure(self._cluster, self.namespace, namespaces.of_sandboxes())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: self._cluster.create("/api/v1/nodes", node(self.id, number)), range(self.count)))
        _wait("all nodes are ready", lambda: self._ready() == self.count)

    def _ready(self) -> int:
        """Raises Unavailable when kwok has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise Unavailable(f"kwok ended with {self._process.returncode}: {tail(self._log)}", f"it should be {VERSION}")
        found = self._cluster.get("/api/v1/nodes", labelSelector=f"{LABEL}={self.id}")["items"]
        return sum(c["type"] == "Ready" and c["status"] == "True" for one in found for c in one["status"].get("conditions", ()))

    def _there(self, path: str) -> bool:
        try:
            self._cluster.get(path)
        except ClusterError as error:
            if error.status == 404:
                return False
            raise
        return True


def node(run: str, number: int) -> Json:
    """A node of a run. What it has is more than any of its pods asks for."""
    name = f"{run}-{number:04}"
    labels = {LABEL: run, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [TAINT]},
        "status": {"allocatable": SIZE, "capacity": SIZE},
    }


def on_simulated(pod: Json, run: str) -> Json:
    """The pod, for the nodes of a run alone."""
    selector = {**pod["spec"].get("nodeSelector", {}), LABEL: run}
    return {**pod, "spec": {**pod["spec"], "nodeSelector": selector, "tolerations": [TOLERATION]}}


def cluster_file() -> str:
    """The kubeconfig that kwok reads: the one that `connect` reads."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def _wait(what: str, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {READY_SECONDS} s until {what}")
        time.sleep(WAIT_SECONDS)
