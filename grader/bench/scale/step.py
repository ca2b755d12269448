"""One step of the ladder: so many submissions wait; workers dispatch them; then all is counted."""

from __future__ import annotations

import os
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil
from sqlalchemy import func, select

from grader.backends.kubernetes.cluster import Cluster
from grader.bench.measure import say
from grader.bench.scale import load
from grader.bench.scale.nodes import Simulated
from grader.bench.scale.university import University, processes
from grader.bench.scale.worker import Told, work
from grader.gradebook.tables import Attempt, JobEvent


@dataclass(frozen=True)
class Size:
    """So many submissions, for so many workers of so many jobs each, in pods (or none) that are held for `hold` seconds."""

    submissions: int
    workers: int
    jobs: int
    pods: bool = True
    hold: float = 0.0


@dataclass
class Measured:
    """What a step took."""

    size: Size
    accepted: float = 0.0
    """Submissions a second that were taken in, before the workers began; only looked at in steps without pods."""
    intake: float = 0.0
    """CPU seconds of taking one in, the database's not counted."""
    seconds: float = 0.0
    """From the first lease to the last result, by the database's clock."""
    rate: float = 0.0
    """Submissions a second, meanwhile."""
    calls: dict[str, float] = field(default_factory=dict)
    """Of the API by the workers, a submission."""
    took: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Milliseconds, median and 99th percentile: to lease, to create a pod, until it runs, to delete it, to complete."""
    load: dict[str, Any] = field(default_factory=dict)
    """See `load.Load`; `workers` among the kinds, with their peak of memory, and `elsewhere`: what else the machine did."""
    wall: float = 0.0
    """Of the step, starting and ending the workers included: what `load` is of."""
    again: dict[str, int] = field(default_factory=dict)
    """How often something had to be leased again, by what was recorded."""
    left: int = 0
    """Pods that were there after it, for all that they were deleted."""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Steps:
    """Steps on one university; `nodes` is where its pods go."""

    university: University
    postmaster: int
    cluster: Cluster
    nodes: Simulated | None = None

    def run(self, size: Size) -> Measured:
        """One step."""
        found, before = Measured(size), self.university.again()
        if size.pods:
            self.university.put_in(size.submissions)
        else:
            accepted, took_in = self.university.hand_in(size.submissions)
            found.accepted, found.intake = round(accepted, 1), round(took_in / size.submissions, 4)
        with self.university.database.reading() as session:
            last = session.scalar(select(func.max(JobEvent.id))) or 0
        began, at = self._load(), time.monotonic()
        run = self.nodes.id if self.nodes and size.pods else ""
        where = self.university.url, self.university.folder, run, size.jobs, size.hold
        with processes(size.workers) as pool:
            told = [one.result() for one in [pool.submit(work, *where) for _ in range(size.workers)]]
        found.wall = round(time.monotonic() - at, 1)
        self._judge(found, last, told, self._load().since(began))
        found.again = dict(self.university.again() - before)
        found.wrong = self.university.wrong()
        found.left = self.nodes.pods() if self.nodes else 0
        say(f"{size}: {found.rate:g} a second; {asdict(found)}")
        return found

    def idle(self, seconds: float) -> dict[str, Any]:
        """What the machine does meanwhile without any submission."""
        began = self._load()
        time.sleep(seconds)
        return {"seconds": seconds, **asdict(self._load().since(began))}

    def _load(self) -> load.Load:
        return load.now(self.university.database, self.postmaster, self.cluster)

    def _judge(self, found: Measured, last: int, told: Sequence[Told], cost: load.Load) -> None:
        with self.university.database.reading() as session:
            begun = session.scalar(select(func.min(JobEvent.created_at)).where(JobEvent.id > last, JobEvent.what == "leased"))
            ended = session.scalar(select(func.max(Attempt.created_at)))
        if begun is not None and ended is not None and ended > begun:
            found.seconds = round((ended - begun).total_seconds(), 2)
            found.rate = round(found.size.submissions / found.seconds, 1)
        calls, seconds = Counter[str](), dict[str, list[float]]()
        for one in told:
            calls.update(one.calls)
            for name, values in one.seconds.items():
                seconds.setdefault(name, []).extend(values)
        found.calls = {name: round(count / found.size.submissions, 3) for name, count in sorted(calls.items())}
        found.took = {name: places(values) for name, values in sorted(seconds.items()) if len(values) > 1}
        cost.cpu["workers"] = round(sum(one.cpu for one in told), 2)
        cost.memory["workers"] = round(max((one.mib for one in told), default=0.0))
        cost.cpu["elsewhere"] = round(cost.busy - sum(cost.cpu.values()), 2)
        found.load = {**asdict(cost), "cores": os.cpu_count(), "average": round(psutil.getloadavg()[0], 1)}


def places(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile of seconds, in ms."""
    return round(statistics.median(values) * 1000, 1), round(statistics.quantiles(values, n=100)[98] * 1000, 1)
