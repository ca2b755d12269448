"""`/metrics`, by prometheus-client: requests as they come; the queue and what was graded, read from the database when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select

from grader.gradebook.database import Database
from grader.gradebook.tables import Attempt, Job
from grader.queue.jobs import depth
from grader.result import Result

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
"""A client may make up others, and each would be a row for ever."""
MOST = 500
"""Attempts that one look takes in; the next takes more."""


class Metrics:
    """The figures of one process of the service."""

    def __init__(self, database: Database) -> None:
        self._database, self._lock = database, threading.Lock()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mlops_http_requests", "Requests, by route and status.", ["method", "route", "status"], registry=self._registry
        )
        self._took = Histogram("mlops_http_request_seconds", "How long requests took.", ["route"], registry=self._registry)
        self._outcomes = Counter("mlops_attempts", "Gradings that ended, by outcome.", ["outcome"], registry=self._registry)
        self._phases = Histogram(
            "mlops_attempt_seconds", "Seconds of a grading, by phase; `queue` is the wait.", ["phase"], buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._registry.register(self)
        self._seen: int | None = None

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._took.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All figures. Raises DatabaseUnavailable."""
        with self._lock:
            self._look()
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The queue as it is now."""
        with self._database.reading() as session:
            states, now = depth(session), self._database.now(session)
            oldest = session.scalar(select(func.min(Job.created_at)).where(Job.state == "waiting"))
        jobs = GaugeMetricFamily("mlops_queue_jobs", "Gradings in the queue, by state.", labels=["state"])
        for state, count in states.items():
            jobs.add_metric([state], count)
        yield jobs
        wait = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
        yield GaugeMetricFamily("mlops_queue_oldest_seconds", "How long the oldest waiting grading has waited.", value=wait)

    def _look(self) -> None:
        """Count what was graded since the last look. What was there before the process began is not counted: counters
        begin at 0 with a process."""
        with self._database.reading() as session:
            if self._seen is None:
                self._seen = session.scalar(select(func.max(Attempt.id))) or 0
            new = session.execute(
                select(Attempt.id, Attempt.outcome, Attempt.result)
                .where(Attempt.id > self._seen)
                .order_by(Attempt.id)
                .limit(MOST)
            ).all()
        for number, outcome, result in new:
            self._seen = number
            self._outcomes.labels(outcome).inc()
            for phase, seconds in Result.model_validate_json(result).seconds.model_dump().items():
                self._phases.labels(phase).observe(seconds)
