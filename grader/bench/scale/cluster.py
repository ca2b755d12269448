"""Simulated nodes (kwok) on the API server of a real cluster, and a namespace for the pods of a run."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

LABEL = "mlops-course.scale"
TAINT = {"key": LABEL, "value": "simulated", "effect": "NoSchedule"}
"""Nobody else's pods are scheduled here."""
STAGES = Path(__file__).with_name("stages.yaml")
LEASE_SECONDS = 120
"""Of a node: kwok renews it four times as often. Real nodes do so every 10 s, which on this machine would be half the load."""
SIZE = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
READY_SECONDS = 300


class Simulated:
    """A context: nodes, a namespace, and kwok while it lasts. At its end they are gone."""

    def __init__(self, nodes: int, kwok: str, log: Path) -> None:
        """`kwok` is its program. Nothing is made yet."""
        config.load_config()
        self.id, self.nodes, self._kwok, self._log = f"scale-{secrets.token_hex(3)}", nodes, kwok, log
        self.api = client.CoreV1Api()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Simulated:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(ApiException):
            self.api.delete_collection_namespaced_pod(self.id, grace_period_seconds=0)
            self.api.delete_namespace(self.id)
        self._wait("its namespace goes", lambda: not self._there(lambda: self.api.read_namespace(self.id)))
        self.api.delete_collection_node(label_selector=self.selector)
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def selector(self) -> str:
        """Of the nodes."""
        return f"{LABEL}={self.id}"

    def _start(self) -> None:
        command = [self._kwok, f"--config={STAGES}", f"--manage-nodes-with-label-selector={self.selector}"]
        command += ["--manage-all-nodes=false", f"--node-lease-duration-seconds={LEASE_SECONDS}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.api.create_namespace({"metadata": {"name": self.id, "labels": {LABEL: self.id}}})
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._node, range(self.nodes)))
        self._wait("all nodes are ready", lambda: self._ready() == self.nodes)

    def _node(self, number: int) -> None:
        name = f"{self.id}-{number:04}"
        metadata = {"name": name, "labels": {LABEL: self.id, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}}
        self.api.create_node(
            {"metadata": metadata, "spec": {"taints": [TAINT]}, "status": {"allocatable": SIZE, "capacity": SIZE}}
        )

    def _ready(self) -> int:
        found = self.api.list_node(label_selector=self.selector).items
        return sum(c.type == "Ready" and c.status == "True" for node in found for c in node.status.conditions or ())

    @staticmethod
    def _there(ask: Any) -> bool:
        try:
            ask()
        except ApiException as error:
            if error.status == 404:
                return False
            raise
        return True

    @staticmethod
    def _wait(what: str, holds: Any) -> None:
        ends = time.monotonic() + READY_SECONDS
        while not holds():
            if time.monotonic() > ends:
                raise TimeoutError(f"waited {READY_SECONDS} s until {what}")
            time.sleep(1)


def on_simulated(pod: dict[str, Any], selector: str) -> dict[str, Any]:
    """The pod, for the simulated nodes alone."""
    label, _, value = selector.partition("=")
    more = {
        "nodeSelector": {**pod["spec"].get("nodeSelector", {}), label: value},
        "tolerations": [{"key": LABEL, "operator": "Exists", "effect": "NoSchedule"}],
    }
    return {**pod, "spec": {**pod["spec"], **more}}
