"""`python -m grader.bench.deadline [--students 300] [--seconds 60]`: a class hands in lab 04 in the last minute.

A real `mlops serve` takes it in. Says how long the upload call took, and leaves with 1 when anything was refused or lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
from sqlalchemy import func, select

from grader.accounts import tokens
from grader.bench.kills.server import Server
from grader.course.tree import Course, find_course
from grader.gradebook import migrate, roster
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Job, Receipt, Submission
from grader.grading import samples
from grader.grading.sealed import bundle

LAB = "04-experiment-tracking"
PLACE = "/api/v1/courses/math/assignments/tracking/submissions"
AGAIN = (429, 503)


@dataclass
class Call:
    """One student's upload: seconds of the call that was acknowledged, how often it was sent, and the receipt."""

    seconds: float
    sent: int
    receipt: int | None


def main() -> int:
    """Run and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if options.database == "sqlite":
            return _run(options, folder, f"sqlite:///{folder / 'gradebook.db'}")
        with Server(folder / "home") as server:
            return _run(options, folder, server.url)


def _run(options: argparse.Namespace, folder: Path, url: str) -> int:
    course, database = find_course(), Database(url)
    known = _class(database, options.students)
    words = [_work(course, number) for number in range(options.students)]
    log = (folder / "log").open("wb")
    command = [str(Path(sys.executable).with_name("mlops")), "serve", "--port", "0"]
    variables = {**os.environ, "MLOPS_HOME": str(folder / "home"), "MLOPS_DATABASE": url}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=variables) as process:
        address = _address(process)
        before = time.process_time()
        calls = asyncio.run(_hand_in(address, known, words, options.seconds, random.Random(options.seed)))
        used = time.process_time() - before
        process.send_signal(signal.SIGTERM)
    return _report(calls, database, FolderBlobs(folder / "home" / "blobs"), options, used)


def _class(database: Database, students: int) -> list[str]:
    """A course with an assignment and so many students; their tokens."""
    migrate.upgrade(database)
    with database.writing() as session:
        now = database.now(session)
        course = roster.add_course(session, now, "math", "Mathematics")
        roster.assign(session, now, course, "tracking", "lab", LAB)
        known = []
        for number in range(students):
            person = roster.add_person(session, now, f"student-{number:04}")
            roster.enrol(session, now, course, person, "student")
            known.append(tokens.make(session, now, person.id, "bench", ["submit"], timedelta(days=1))[0])
    return known


def _work(course: Course, number: int) -> bytes:
    """The solution, which differs by a byte or more, sealed."""
    lab = course.lab(LAB)
    solution = samples.solution(lab)[0]
    return bundle(lab, replace(solution, notebook=solution.notebook + b" " * number))


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if line.startswith("The service listens: "):
            return line.partition(": ")[2].strip()
    raise SystemExit("the service did not start")


async def _hand_in(address: str, known: list[str], words: list[bytes], seconds: float, rng: random.Random) -> list[Call]:
    """Everybody, at a moment of their own; the later, the more."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as http:
        moments = [seconds * rng.random() ** 0.5 for _ in known]
        everybody = zip(known, words, moments, strict=True)
        return await asyncio.gather(*(_one(http, token, content, at) for token, content, at in everybody))


async def _one(http: httpx.AsyncClient, token: str, content: bytes, at: float) -> Call:
    """One student; told to wait, they send the same again."""
    await asyncio.sleep(at)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
    for sent in range(1, 20):
        began = time.monotonic()
        answer = await http.post(PLACE, content=content, headers=headers)
        if answer.status_code == 202:
            return Call(time.monotonic() - began, sent, answer.json()["receipt"])
        if answer.status_code not in AGAIN:
            sys.stdout.write(f"{answer.status_code} {answer.text}\n")
            return Call(time.monotonic() - began, sent, None)
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
    return Call(0.0, 19, None)


def _report(calls: list[Call], database: Database, blobs: FolderBlobs, options: argparse.Namespace, used: float) -> int:
    took = sorted(call.seconds for call in calls if call.receipt is not None)
    with database.reading() as session:
        receipts = set(session.scalars(select(Receipt.id)))
        jobs = session.scalar(select(func.count()).select_from(Job).where(Job.state == "waiting"))
        kept = [blobs.has(blob) for blob in session.scalars(select(Submission.blob))]
    database.close()
    acknowledged = {call.receipt for call in calls if call.receipt is not None}
    lost, refused = len(acknowledged - receipts) + kept.count(False), len(calls) - len(took)
    place = {share: took[min(int(share * len(took)), len(took) - 1)] for share in (0.5, 0.9, 0.99, 1.0)} if took else {}
    seconds = "  ".join(f"p{share * 100:g} {value * 1000:.0f} ms" for share, value in place.items())
    sys.stdout.write(
        f"{options.students} students in {options.seconds:g} s on {os.cpu_count()} cores, {options.database}: "
        f"{len(took)} acknowledged, {refused} refused, {lost} lost, {jobs} jobs wait, "
        f"{sum(call.sent - 1 for call in calls)} sent again\nupload call: {seconds}  (the clients used {used:.1f} s of CPU)\n"
    )
    return 1 if lost or refused or jobs != options.students else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m grader.bench.deadline", description=__doc__)
    options.add_argument("--students", type=int, default=300)
    options.add_argument("--seconds", type=float, default=60.0, help="in which they hand in; 0: all at once")
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--seed", type=int, default=1)
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main())
