"""The two kinds of process that are killed: one that hands in and notes what was acknowledged, and a worker.

    python -m grader.bench.kills.processes submit URL NAME LOG FIRST LAST PACE
    python -m grader.bench.kills.processes work URL NAME SEED SHORTEST LONGEST

Only the grading itself is made up: it takes a moment, depends on the submission alone, and now and then fails through our
fault. Gradebook, queue and worker are the product's own.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import sys
import time
from pathlib import Path

from grader.gradebook import roster, work
from grader.gradebook.database import Database, DatabaseUnavailable
from grader.gradebook.tables import Submission
from grader.queue import jobs
from grader.queue.queue import Lease, Queue
from grader.queue.rules import Rules
from grader.result import CheckResult, Result
from grader.worker.worker import Patience, Worker

RULES = Rules(lease=1.5, heartbeat=0.3, tries=6, backoff=0.1, longest_backoff=1)
OUR_FAULTS = 0.05
STUDENTS = 30


def digest(number: int) -> str:
    """The hash of the so manieth submission's content."""
    return hashlib.sha256(f"submission {number}".encode()).hexdigest()


def points(sha256: str) -> float:
    """What a submission earns: the same whoever grades it, however often."""
    return int(sha256[:8], 16) % 101


def submit(url: str, log: Path, first: int, last: int, pace: float) -> None:
    """Hand in a submission every `pace` seconds until all are acknowledged; the log gets a line for each, after its commit.
    Started again, it goes on with the first that has none, as a client would: with the same key."""
    database = Database(url)
    log.touch()
    acknowledged = {json.loads(line)["number"] for line in log.read_text().splitlines() if line.endswith("}")}
    with log.open("a") as out:
        for number in (n for n in range(first, last) if n not in acknowledged):
            receipt, submission = _handed_in(database, number)
            out.write(json.dumps({"number": number, "receipt": receipt, "submission": submission}) + "\n")
            out.flush()
            time.sleep(pace)


def _handed_in(database: Database, number: int) -> tuple[int, int]:
    while True:
        try:
            with database.writing() as session:
                now, sha256 = database.now(session), digest(number)
                course = roster.course(session, "kills")
                asked, person = roster.assignment(session, course, "lab"), roster.person(session, f"s{number % STUDENTS}")
                given = work.hand_in(session, now, asked, person, sha256, sha256, f"key-{number}")
                jobs.enqueue(session, now, given.submission, "lab", "v1", "image")
                return given.receipt.id, given.submission.id
        except DatabaseUnavailable:
            time.sleep(0.1)


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
    what, where, called, *rest = sys.argv[1:]
    if what == "submit":
        submit(where, Path(rest[0]), int(rest[1]), int(rest[2]), float(rest[3]))
    else:
        work_on(where, called, int(rest[0]), float(rest[1]), float(rest[2]))
