"""A worker process whose gradings are made up:

    python -m grader.tests.gradebook.made_up URL NAME SEED SHORTEST LONGEST

A grading takes a moment, depends on the submission alone, and now and then fails through our fault. Gradebook, queue and
worker are the product's own.
"""

from __future__ import annotations

import random
import signal
import sys
import time

from grader.gradebook.database import Database
from grader.gradebook.tables import Submission
from grader.queue.queue import Lease, Queue
from grader.queue.rules import Rules
from grader.result import CheckResult, Result
from grader.worker.worker import Patience, Worker

RULES = Rules(lease=1.5, heartbeat=0.3, tries=6, backoff=0.1, longest_backoff=1)
OUR_FAULTS = 0.05


def points(sha256: str) -> float:
    """What a submission earns: the same whoever grades it, however often."""
    return int(sha256[:8], 16) % 101


def work_on(url: str, name: str, seed: int, shortest: float, longest: float) -> None:
    """A worker of two jobs at a time, each of so many seconds, until it is killed, or drained by SIGTERM."""
    database, draws = Database(url), random.Random(seed)

    def grade(lease: Lease) -> tuple[Result, str]:
        with database.reading() as session:
            sha256 = session.get_one(Submission, lease.submission).sha256
        time.sleep(draws.uniform(shortest, longest))
        return made_up(sha256, draws.random() < OUR_FAULTS), "image"

    patience = Patience(poll=0.1, longest_wait=0.3, drain=20)
    worker = Worker(Queue(database, RULES), grade, 2, name, patience=patience)
    signal.signal(signal.SIGTERM, lambda *_: worker.drain())
    sys.stdout.write("ready\n")  # from here on SIGTERM drains it
    sys.stdout.flush()
    worker.run()


def made_up(sha256: str, ours: bool) -> Result:
    """The result of a submission, or of a sandbox that failed."""
    earned = 0.0 if ours else points(sha256)
    check = CheckResult(
        id="c", task="t", statement="It holds.", status="not_run" if ours else "partial", earned=earned, possible=100
    )
    return Result(
        lab="lab", lab_version="v1", submission="x", student=None, submission_sha256=sha256,
        outcome="sandbox_failed" if ours else "finished", earned=earned, possible=100, checks=(check,),
    )  # fmt: skip


if __name__ == "__main__":
    where, called, *rest = sys.argv[1:]
    work_on(where, called, int(rest[0]), float(rest[1]), float(rest[2]))
