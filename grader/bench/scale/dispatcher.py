"""A worker whose gradings are pods on simulated nodes:

    python -m grader.bench.scale.dispatcher URL NAMESPACE SELECTOR NAME JOBS

Queue, worker, the pod's manifest and the calls to the API are the product's own; what a pod would have said is made up. At its
end it prints one JSON object: calls of the API by verb, how long it took to lease a job, to complete one, and a pod's life.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from grader.backends.kubernetes import manifests
from grader.backends.kubernetes.cluster import Cluster, connect
from grader.bench.scale.cluster import on_simulated
from grader.gradebook.database import Database
from grader.queue.queue import Lease, Queue
from grader.queue.rules import Rules
from grader.result import CheckResult, Result
from grader.spec.limits import Limits
from grader.worker.worker import Patience, Worker

LONGEST = 600.0
"""Seconds that a pod may take; then it is our fault, and tried again."""
IMAGE = "mlops-tracking:simulated"
LIMITS = Limits(memory_mb=1500, disk_mb=128, processes=128)


class Meter:
    """Counts calls by name and keeps their seconds. Safe to share between threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.calls, self._lock = Counter[str](), threading.Lock()

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """The block is one call."""
        began = time.monotonic()
        yield
        with self._lock:
            self.calls[name] += 1
            self.seconds.setdefault(name, []).append(round(time.monotonic() - began, 4))


class Pods:
    """Runs pods as the backend opens and closes a sandbox: create, watch, delete. It talks to them by one call more, `exec`,
    which a simulated node doesn't have."""

    def __init__(self, cluster: Cluster, namespace: str, selector: str, name: str, meter: Meter) -> None:
        self._cluster, self._selector, self._meter = cluster, selector, meter
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        lease = manifests.lease(name, name, now, int(LONGEST))
        made = cluster.create(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases", lease)
        self._owner = manifests.Owner(name, made["metadata"]["uid"])

    def run(self, name: str, uid: int) -> None:
        """A pod, until it is done; then it is deleted. Raises TimeoutError."""
        pod = on_simulated(manifests.pod(name, name, IMAGE, LIMITS, uid, self._owner), self._selector)
        with self._meter.call("create"):
            self._cluster.create(self._path, pod)
        with self._meter.call("watch"):
            self._wait(name)
        with self._meter.call("delete"):
            self._cluster.delete(f"{self._path}/{name}", gracePeriodSeconds="0")

    def _wait(self, name: str) -> None:
        for state in self._cluster.watch(self._path, name, LONGEST):
            if state["status"].get("phase") == "Succeeded":
                return
        raise TimeoutError(f"pod {name} was not done within {LONGEST:g} s")


class Timed(Queue):
    """The queue, with its calls counted."""

    def __init__(self, database: Database, meter: Meter) -> None:
        super().__init__(database, Rules(lease=120, heartbeat=30))
        self._meter = meter

    def lease(self, worker: str) -> Lease | None:
        """See `Queue.lease`."""
        with self._meter.call("lease"):
            return super().lease(worker)

    def complete(self, lease: Lease, result: Result, image: str) -> None:
        """See `Queue.complete`."""
        with self._meter.call("complete"):
            super().complete(lease, result, image)


def made_up(lease: Lease) -> Result:
    """A verdict that depends on nothing."""
    check = CheckResult(id="c", task="t", statement="It holds.", status="passed", earned=100, possible=100)
    return Result(
        lab=lease.lab, lab_version="v1", submission=f"submission {lease.submission}", student=None, submission_sha256="",
        outcome="finished", earned=100, possible=100, checks=(check,),
    )  # fmt: skip


def dispatch(url: str, pods: Callable[[Meter], Pods] | None, name: str, jobs: int) -> Meter:
    """Work until the queue is empty. Without pods a grading is nothing: that is what the queue alone can do."""
    meter = Meter()
    queue, run = Timed(Database(url), meter), pods(meter) if pods is not None else None

    def grade(lease: Lease) -> tuple[Result, str]:
        if run is not None:
            run.run(f"{name}-{lease.job}-{lease.token}", 100_000 + lease.job)
        return made_up(lease), IMAGE

    Worker(queue, grade, jobs, name, patience=Patience(poll=0.2)).run(until_empty=True)
    return meter


def main(url: str, namespace: str, selector: str, name: str, jobs: str) -> None:
    """See the module."""
    pods: Any = None
    if namespace:
        cluster = connect()

        def pods(meter: Meter) -> Pods:
            return Pods(cluster, namespace, selector, name, meter)

    meter = dispatch(url, pods, name, int(jobs))
    sys.stdout.write(json.dumps({"calls": dict(meter.calls), "seconds": meter.seconds}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
