"""Counts and times what a worker asks of the queue and of the API."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kubernetes.client import Configuration

from grader.backends.kubernetes import cluster
from grader.bench.scale.nodes import on_simulated
from grader.gradebook.database import Database
from grader.queue.queue import Lease, Queue
from grader.result import Result

Json = dict[str, Any]


class Meter:
    """Counts by name, and seconds by name. Safe to share between threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.calls, self._lock = Counter[str](), threading.Lock()

    def count(self, name: str) -> None:
        """One more call of the API."""
        with self._lock:
            self.calls[name] += 1

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """How long the block takes."""
        began = time.monotonic()
        yield
        with self._lock:
            self.seconds.setdefault(name, []).append(round(time.monotonic() - began, 4))


class MeteredCluster(cluster.Cluster):
    """The product's calls, counted by verb; its pods go to simulated nodes."""

    def __init__(self, found: cluster.Cluster, run: str, meter: Meter) -> None:
        """The same cluster as `found`."""
        configuration: Configuration = found._client.configuration
        super().__init__(configuration, found.where)
        self._run, self._meter = run, meter

    def create(self, path: str, body: Json, **query: str) -> Json:
        """See `Cluster.create`."""
        if body["kind"] != "Pod":
            return super().create(path, body, **query)
        with self._meter.timed("create"):
            return super().create(path, on_simulated(body, self._run), **query)

    def _open(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None = None, kind: str = "",
        timeout: float = cluster.SECONDS,
    ) -> Any:  # fmt: skip
        watches = "watch" in query
        what = path.split("/")[5 if path.startswith("/api/") else 6 :][:1]
        self._meter.count(f"{'WATCH' if watches else method} {''.join(what)}".strip())
        return super()._open(method, path, query, body, kind, timeout)


class MeteredQueue(Queue):
    """The queue, with its calls timed."""

    def __init__(self, database: Database, meter: Meter) -> None:
        super().__init__(database)
        self._meter = meter

    def lease(self, worker: str) -> Lease | None:
        """See `Queue.lease`."""
        with self._meter.timed("lease"):
            return super().lease(worker)

    def complete(self, lease: Lease, result: Result, image: str) -> None:
        """See `Queue.complete`."""
        with self._meter.timed("complete"):
            super().complete(lease, result, image)
