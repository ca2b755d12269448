"""Real processes: killed at random, frozen, racing. Whatever happens, each submission ends with one verdict."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select

from grader.bench.kills import results
from grader.bench.kills.plan import KINDS, Plan
from grader.bench.kills.run import run
from grader.bench.table import rewritten
from grader.gradebook.database import Database, DatabaseUnavailable
from grader.gradebook.tables import Attempt, Job, JobEvent
from grader.queue.queue import Queue
from grader.tests.gradebook.made_up import RULES
from grader.tests.gradebook.small_class import FULL, IMAGE, SmallClass, result

Start = Callable[[str, float], subprocess.Popen[bytes]]


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    """Starts worker processes whose jobs take so many seconds, and waits until they work; none is left."""
    processes = []

    def start_one(name: str, seconds: float) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "grader.tests.gradebook.made_up", url, name, "1", str(seconds), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        return process

    yield start_one
    for process in processes:
        process.kill()
        process.communicate()


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.05)


def job(database: Database) -> Job:
    with database.reading() as session:
        return session.get_one(Job, 1)


def verdicts(database: Database) -> list[tuple[int, str, int]]:
    """Of all jobs: the job, who wrote it, under which token."""
    with database.reading() as session:
        found = session.scalars(select(Attempt).where(~Attempt.ours).order_by(Attempt.job_id))
        return [(a.job_id, a.worker, a.token) for a in found]


@pytest.mark.services
@pytest.mark.docker
@pytest.mark.timeout(1800)
def test_everything_is_killed_once() -> None:
    """The short form of `python -m grader.bench.kills`, on PostgreSQL: nothing acknowledged is lost, graded twice, or charged
    for our faults, and nothing is left."""
    order = sorted(KINDS, key="client".__ne__)  # clients are done before much is graded
    plan = Plan(submissions=8, rounds=len(KINDS), clients=2, pause=(0.5, 2), pace=0.5, order=tuple(order))
    report = run(plan, "postgres")
    assert (report.wrong, report.acknowledged) == ([], 8)
    assert {name.partition(" ")[0] for name in report.kills} == set(KINDS)
    assert report.leases >= 8


def test_the_readme_has_the_last_figures() -> None:
    """As the results that were kept have them."""
    readme = results.README.read_text(encoding="utf-8")
    assert readme == rewritten(readme, results.MARKS, results.table(results.RESULTS.read_text(encoding="utf-8")))


def test_a_killed_worker_s_job_is_taken_over_when_its_lease_ends(klass: SmallClass, url: str, start: Start) -> None:
    """By whoever is there; not before."""
    klass.wait_for(klass.ann)
    first, fresh = start("first", 30), Database(url)
    until(lambda: job(fresh).worker == "first")
    ends = job(fresh).leased_until
    first.send_signal(signal.SIGKILL)
    start("second", 0.01)
    until(lambda: verdicts(fresh))
    with fresh.reading() as session:
        taken = session.scalars(select(JobEvent.created_at).where(JobEvent.what == "leased").order_by(JobEvent.id)).all()[-1]
    assert ends is not None
    assert taken >= ends
    assert verdicts(fresh) == [(1, "second", 2)]
    fresh.close()


def test_a_frozen_worker_writes_nothing_once_its_job_was_taken_over(klass: SmallClass, url: str, start: Start) -> None:
    """It wakes up after somebody else has the job, ends its own run, and is refused: its token is old."""
    klass.wait_for(klass.ann)
    frozen, fresh = start("frozen", 5.0), Database(url)  # it is still grading when it is stopped, however busy the machine
    until(lambda: job(fresh).worker == "frozen")
    frozen.send_signal(signal.SIGSTOP)
    second, lease = Queue(Database(url, busy_seconds=0.5), RULES), None
    while lease is None:
        assert job(fresh).state != "done"
        try:
            lease = second.lease("second")
        except DatabaseUnavailable:  # frozen in the middle of a transaction: SQLite waits for it
            frozen.send_signal(signal.SIGCONT)
            time.sleep(0.02)
            frozen.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
    frozen.send_signal(signal.SIGCONT)
    frozen.terminate()  # drained: it ends what it does first
    assert frozen.wait(60) == 0
    assert (verdicts(fresh), job(fresh).worker) == ([], "second")
    second.complete(lease, result(FULL), IMAGE)
    assert verdicts(fresh) == [(1, "second", 2)]
    fresh.close()


def test_workers_that_race_lease_each_job_once(klass: SmallClass, url: str, start: Start) -> None:
    """Two processes, each with two hands, twenty jobs: no job is leased again but after a fault or the end of its lease (whose
    holder may still write, if it was only slow and nobody else has the job), and each has one verdict."""
    processes, fresh = [start(f"w{number}", 0.01) for number in range(2)], Database(url)
    for number in range(20):
        klass.wait_for((klass.ann, klass.bob)[number % 2], str(number))
    until(lambda: len(verdicts(fresh)) == 20)
    for process in processes:
        process.terminate()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert [number for number, _, _ in verdicts(fresh)] == list(range(1, 21))
    with fresh.reading() as session:
        told = session.execute(select(JobEvent.job_id, JobEvent.what).order_by(JobEvent.job_id, JobEvent.id)).all()
    events = {number: [what for job, what in told if job == number] for number in range(1, 21)}
    again = {number: [before for before, what in pairwise(those) if what == "leased"] for number, those in events.items()}
    assert {number: those.count("done") for number, those in events.items()} == dict.fromkeys(events, 1), events
    assert {number: those[0] for number, those in again.items()} == dict.fromkeys(events, "enqueued"), events
    assert {before for those in again.values() for before in those[1:]} <= {"fault", "lease_ended"}, events
    fresh.close()
