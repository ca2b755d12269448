"""A worker: side by side, again after our faults, through a database that goes away, and away when it is told to go."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from grader.errors import BadInput, OurFault
from grader.gradebook.database import Database
from grader.gradebook.tables import Job
from grader.gradebook.work import attempts
from grader.queue.queue import Lease, Queue
from grader.queue.rules import Rules
from grader.result import Result
from grader.tests.gradebook.small_class import FULL, IMAGE, Clock, SmallClass, result
from grader.worker.log import objects
from grader.worker.worker import Patience, Worker

QUICK = Rules(lease=10, heartbeat=0.2, tries=3, backoff=0.05)
PATIENCE = Patience(poll=0.05, longest_wait=0.2, drain=10)


@pytest.fixture
def clock() -> Clock:
    """The real time: these tests wait."""
    from datetime import UTC, datetime

    clock = Clock()
    clock.time = datetime.now(UTC)
    return clock


@pytest.fixture
def queue(klass: SmallClass, url: str) -> Iterator[Queue]:
    database = Database(url)
    yield Queue(database, QUICK)
    database.close()


def worker(
    queue: Queue, grade: Callable[[Lease], Result], jobs: int = 2, said: list[str] | None = None, **more: float
) -> Worker:
    heard = said if said is not None else []
    return Worker(queue, lambda lease: (grade(lease), IMAGE), jobs, "w1", heard.append, Patience(**{**vars(PATIENCE), **more}))


def states(klass: SmallClass, *numbers: int) -> list[str]:
    with klass.database.reading() as session:
        return [session.get_one(Job, number).state for number in numbers]


def written(klass: SmallClass, submission: int) -> list[tuple[str, float]]:
    with klass.database.reading() as session:
        return [(a.outcome, a.earned) for a in attempts(session, submission)]


def test_jobs_are_done_side_by_side(klass: SmallClass, queue: Queue) -> None:
    """Two at a time, never three; each once; how long it waited is in the result."""
    running, most, lock, both = 0, 0, threading.Lock(), threading.Barrier(2)

    def grade(lease: Lease) -> Result:
        nonlocal running, most
        with lock:
            running, most = running + 1, max(most, running + 1)
        both.wait(60)
        time.sleep(0.2)  # a third would have its time
        with lock:
            running -= 1
        return result(FULL)

    for n in range(4):
        klass.wait_for(klass.ann, str(n))
    worker(queue, grade).run(until_empty=True)
    assert (most, states(klass, 1, 2, 3, 4)) == (2, ["done"] * 4)
    with klass.database.reading() as session:
        waited = Result.model_validate_json(attempts(session, 4)[0].result).seconds.queue
    assert 0.2 < waited < 60


def test_our_faults_are_tried_again_and_what_needs_a_person_is_not(klass: SmallClass, queue: Queue) -> None:
    """An exception, a result that is ours: again, until it works or was tried often enough. A lab that is broken: a dead
    letter at once. Nothing of it ends the worker."""
    tried: dict[int, int] = {}

    def grade(lease: Lease) -> Result:
        tried[lease.submission] = tried.get(lease.submission, 0) + 1
        if lease.submission == 1 and tried[1] == 1:
            raise OurFault("the store is away")
        if lease.submission == 2:
            return result(outcome="sandbox_failed")
        if lease.submission == 3:
            raise BadInput("the lab has no such cell")
        return result(FULL)

    for n in range(4):
        klass.wait_for(klass.ann, str(n))
    worker(queue, grade).run(until_empty=True)
    assert (tried, states(klass, 1, 2, 3, 4)) == ({1: 2, 2: 3, 3: 1, 4: 1}, ["done", "dead", "dead", "done"])
    assert [written(klass, n) for n in (1, 2, 3)] == [[("finished", 100)], [("sandbox_failed", 0)] * 3, []]


def test_a_job_may_take_longer_than_a_lease(klass: SmallClass, queue: Queue) -> None:
    """Heartbeats keep it: nobody else gets it meanwhile."""
    short = Queue(queue.database, Rules(lease=4, heartbeat=0.2))
    others: list[Lease | None] = []

    def grade(lease: Lease) -> Result:
        for _ in range(9):
            time.sleep(0.5)
            others.append(short.lease("w2"))
        return result(FULL)

    klass.wait_for(klass.ann)
    worker(short, grade).run(until_empty=True)
    assert (others, states(klass, 1)) == ([None] * 9, ["done"])


def test_a_drained_worker_ends_what_it_does_and_takes_nothing_new(klass: SmallClass, queue: Queue) -> None:
    """As after SIGTERM."""
    for n in range(3):
        klass.wait_for(klass.ann, str(n))

    def grade(lease: Lease) -> Result:
        made.drain()
        time.sleep(0.3)
        return result(FULL)

    made = worker(queue, grade, jobs=1)
    made.run()
    assert states(klass, 1, 2, 3) == ["done", "waiting", "waiting"]


def test_it_can_be_drained_at_any_moment(queue: Queue) -> None:
    """As a signal handler does it: between any two lines of the worker's own thread, those that hold a lock among them."""
    where: list[str] = []

    def run(made: Worker, at: int) -> None:
        lines = itertools.count()

        def trace(frame: FrameType, event: str, _: object) -> Any:
            if frame.f_globals.get("__name__") not in ("grader.worker.worker", "threading"):
                return None
            if event == "line" and next(lines) == at:
                where.append(frame.f_code.co_name)
                made.drain()
            return trace

        sys.settrace(trace)
        made.run()
        sys.settrace(None)

    for at in range(250):
        made = worker(queue, lambda _: result(FULL), poll=0.01)
        running = threading.Thread(target=run, args=(made, at), daemon=True)
        running.start()
        running.join(20)
        assert not running.is_alive(), f"drained at line {at}, in {where[-1]}"
    assert {"_take_jobs", "_next", "_wait", "start", "wait"} <= set(where)


@pytest.mark.parametrize("twice", [True, False])
def test_what_does_not_end_in_time_is_handed_back(klass: SmallClass, queue: Queue, twice: bool) -> None:
    """At once when told twice, else after the drain's time: free for others, at the cost of no try, and what is found out
    about it later is not written."""
    klass.wait_for(klass.ann)
    end, took = threading.Event(), threading.Event()

    def grade(lease: Lease) -> Result:
        made.drain()
        if twice:
            made.drain()
        end.wait(60)
        took.set()
        return result()

    made = worker(queue, grade, drain=30 if twice else 0.2)
    began = time.monotonic()
    made.run()
    assert time.monotonic() - began < 20
    other = queue.lease("w2")
    assert other is not None
    end.set()
    assert took.wait(60)
    queue.complete(other, result(FULL), IMAGE)
    assert written(klass, 1) == [("finished", 100)]
    with klass.database.reading() as session:
        assert session.get_one(Job, 1).tries == 1


@contextmanager
def away(database: Database, server: str) -> Iterator[None]:
    """The database can't be written: SQLite's is locked, PostgreSQL's lets nobody in and throws everybody out."""
    if database.is_sqlite:
        with database.writing() as session:
            session.execute(text("SELECT 1"))
            yield
        return
    name = database.url.database
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def test_a_database_that_goes_away_loses_nothing(klass: SmallClass, url: str, request: pytest.FixtureRequest) -> None:
    """What was found out meanwhile is written when it is back; the next job is taken then."""
    server = "" if klass.database.is_sqlite else request.getfixturevalue("server")
    graded, said = threading.Event(), list[str]()

    def grade(lease: Lease) -> Result:
        graded.set()
        time.sleep(0.3)
        return result(FULL)

    for n in range(2):
        klass.wait_for(klass.ann, str(n))
    impatient = Database(url, busy_seconds=0.1)
    running = threading.Thread(target=worker(Queue(impatient, QUICK), grade, jobs=1, said=said).run, args=(True,))
    running.start()
    assert graded.wait(5)
    with away(klass.database, server):
        time.sleep(1.2)
    running.join(60)
    assert (running.is_alive(), states(klass, 1, 2)) == (False, ["done", "done"])
    assert [written(klass, n) for n in (1, 2)] == [[("finished", 100)]] * 2
    assert any(line.startswith("a result waits to be written: the database ") for line in said)
    with klass.database.reading() as session:
        assert session.execute(text("SELECT max(token) FROM job")).scalar() == 1
    impatient.close()


def test_it_logs_an_object_a_line(klass: SmallClass, queue: Queue) -> None:
    """What a collector of logs needs to find a job again: who, which, what came out, how long; and a fault is a warning."""
    lines = list[str]()

    def grade(lease: Lease) -> tuple[Result, str]:
        if lease.job == 2:
            raise BadInput("the lab is\nbroken")
        return result(FULL), IMAGE

    klass.wait_for(klass.ann)
    klass.wait_for(klass.bob)
    Worker(queue, grade, 1, "w1", patience=PATIENCE, log=objects(lines.append, "w1")).run(until_empty=True)
    found = [json.loads(line) for line in lines]
    assert [line for line in lines if "\n" in line] == []
    assert [(f["level"], f["event"], f["worker"], f["job"], f["lab"]) for f in found] == [
        ("info", "leased", "w1", 1, "01-adding"), ("info", "graded", "w1", 1, "01-adding"),
        ("info", "leased", "w1", 2, "01-adding"), ("warning", "fault", "w1", 2, "01-adding"),
    ]  # fmt: skip
    graded = found[1]
    assert sorted(graded) == sorted([
        "time", "level", "event", "worker", "message", "job", "submission", "lab", "token", "outcome", "earned", "possible",
        "waited", "seconds",
    ])  # fmt: skip
    assert (graded["outcome"], graded["earned"], graded["message"]) == ("finished", 100, "job 1: finished, 100/100")


def test_it_tells_that_it_is_not_stuck(klass: SmallClass, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look for a job and each wait for the last ones is a sign of life; a look that never ends is none."""
    signs, lives, looks, goes_on, lease = list[float](), threading.Event(), threading.Event(), threading.Event(), queue.lease

    def alive() -> None:
        signs.append(time.monotonic())
        if len(signs) >= 5:
            lives.set()

    def grade(lease: Lease) -> tuple[Result, str]:
        assert lives.wait(30)
        return result(FULL), IMAGE

    klass.wait_for(klass.ann)
    Worker(queue, grade, 1, "w1", patience=PATIENCE, alive=alive).run(until_empty=True)
    assert (states(klass, 1), len(signs) >= 5) == (["done"], True)

    def stuck(name: str) -> Lease | None:
        looks.set()
        goes_on.wait(30)
        return lease(name)

    monkeypatch.setattr(queue, "lease", stuck)
    signs.clear()
    running = threading.Thread(target=Worker(queue, grade, 1, "w1", patience=PATIENCE, alive=alive).run, args=(True,))
    running.start()
    assert looks.wait(30)
    time.sleep(10 * PATIENCE.poll)  # in which a worker that isn't stuck gives ten signs
    assert len(signs) == 1
    goes_on.set()
    running.join(30)
    assert not running.is_alive()
