"""One batch: so many submissions wait; workers dispatch them; then all is counted."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
from sqlalchemy import func, select

from grader.bench.measure import say
from grader.bench.scale.cluster import Simulated
from grader.bench.scale.load import Load, Watching
from grader.gradebook import migrate, roster
from grader.gradebook.database import Database
from grader.gradebook.tables import Attempt, Job, Receipt, Submission
from grader.queue.rules import LEARNER_WAITS

STUDENTS = 1000
LIMIT = 10**6


@dataclass(frozen=True)
class Batch:
    """So many submissions, for so many workers of so many jobs each."""

    submissions: int
    workers: int
    jobs: int


@dataclass
class Measured:
    """What a batch took. Seconds by call are medians and 99th percentiles."""

    batch: Batch
    seconds: float = 0.0
    rate: float = 0.0
    """Submissions a second, the start of the workers not counted."""
    calls: dict[str, float] = field(default_factory=dict)
    """By submission."""
    took: dict[str, tuple[float, float]] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    wrong: list[str] = field(default_factory=list)


class Batches:
    """Batches on one migrated database."""

    def __init__(self, url: str) -> None:
        self._url, self._database, self._made = url, Database(url), 0
        migrate.upgrade(self._database)
        with self._database.writing() as session:
            now = self._database.now(session)
            course = roster.add_course(session, now, "university", "A university")
            self._asked = roster.assign(session, now, course, "lab", "lab", "lab", max_submissions=LIMIT).id
            people = [roster.add_person(session, now, f"s{number:04}") for number in range(STUDENTS)]
            for person in people:
                roster.enrol(session, now, course, person, "student")
            self._people = [person.id for person in people]

    def run(self, batch: Batch, nodes: Simulated | None) -> Measured:
        """Dispatch a batch to pods on the nodes, or (None) to nothing: the queue alone."""
        first = self._hand_in(batch.submissions)
        database = [c.pid for c in psutil.process_iter(["name"]) if c.info["name"] == "postgres" and self._serves(c)]
        with Watching(self._database, {"database": database}) as watching:
            began = time.monotonic()
            workers = [self._start(number, batch, nodes, watching) for number in range(batch.workers)]
            told = [json.loads(worker.communicate()[0] or "{}") for worker in workers]
            seconds = time.monotonic() - began
        left = [worker.returncode for worker in workers if worker.returncode]
        found = Measured(batch, round(seconds, 1), load=watching.load, wrong=[f"a worker left with {code}" for code in left])
        self._count(found, first, told)
        say(f"{batch}: {found.rate:g} a second, {found.calls}, {found.took}, {found.load}, {found.wrong}")
        return found

    def _hand_in(self, count: int) -> int:
        """New submissions with their jobs; returns the first one's number."""
        with self._database.writing() as session:
            now, rows = self._database.now(session), []
            for number in range(self._made, self._made + count):
                sha256, person = hashlib.sha256(str(number).encode()).hexdigest(), self._people[number % STUDENTS]
                rows.append(Submission(assignment_id=self._asked, person_id=person, sha256=sha256, blob=sha256, created_at=now))
            session.add_all(rows)
            session.flush()
            for row in rows:
                session.add(Receipt(submission_id=row.id, person_id=row.person_id, received_at=now))
                job = Job(
                    submission_id=row.id, person_id=row.person_id, lab="lab", lab_version="v1", image="image",
                    priority=LEARNER_WAITS, state="waiting", not_before=now, reason="handed in", created_at=now,
                )  # fmt: skip
                session.add(job)
            self._made += count
            return rows[0].id

    def _start(self, number: int, batch: Batch, nodes: Simulated | None, watching: Watching) -> subprocess.Popen[str]:
        name = f"d{self._made}-{number}"
        where = (nodes.id, nodes.selector) if nodes is not None else ("", "")
        command = [sys.executable, "-m", "grader.bench.scale.dispatcher", self._url, *where, name, str(batch.jobs)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watching.add("workers", process.pid)
        return process

    def _count(self, found: Measured, first: int, told: Sequence[dict[str, Any]]) -> None:
        """How fast it went by the database's own clock, and whether each submission has one verdict."""
        with self._database.reading() as session:
            mine = select(func.min(Attempt.created_at), func.max(Attempt.created_at)).where(Attempt.submission_id >= first)
            begun, ended = session.execute(mine).one()
            judged = session.execute(
                select(func.count(), func.count(func.distinct(Attempt.submission_id))).where(
                    Attempt.submission_id >= first, ~Attempt.ours
                )
            ).one()
            waiting = session.scalar(select(func.count()).select_from(Job).where(Job.state != "done"))
        if tuple(judged) != (found.batch.submissions,) * 2 or waiting:
            found.wrong.append(f"{judged[0]} verdicts on {judged[1]} submissions, {waiting} jobs not done")
        if begun is not None and ended > begun:
            found.rate = round(found.batch.submissions / (ended - begun).total_seconds(), 1)
        calls, seconds = Counter[str](), dict[str, list[float]]()
        for one in told:
            calls.update(one.get("calls", {}))
            for name, values in one.get("seconds", {}).items():
                seconds.setdefault(name, []).extend(values)
        found.calls = {name: round(count / found.batch.submissions, 3) for name, count in sorted(calls.items())}
        found.took = {name: _places(values) for name, values in sorted(seconds.items()) if len(values) > 1}

    def _serves(self, process: psutil.Process) -> bool:
        """Whether this is the first process of the batches' own server."""
        port = str(self._database.url.port)
        try:
            return f"port={port}" in process.cmdline()
        except psutil.Error:
            return False


def _places(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile, in ms."""
    return round(statistics.median(values) * 1000, 1), round(statistics.quantiles(values, n=100)[98] * 1000, 1)
