"""A course of a thousand students on a database, and what they hand in."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

from sqlalchemy import select

from grader.course.tree import Lab, find_course
from grader.gradebook import migrate, roster, work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Attempt, Job, JobEvent, Submission
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue import intake, jobs

COURSE, ASSIGNMENT, LAB = "university", "tracking", "04-experiment-tracking"
STUDENTS = 1000
LIMIT = 10**6
AT_ONCE = 100
SAID = 240
NUMBERED = re.compile(r"[\w-]*\d[\w-]*")
PROCESSES = 2
"""That take in side by side."""


class University:
    """On a new database; blobs are kept below `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.database, self._made = url, folder, Database(url), 0
        migrate.upgrade(self.database)
        with self.database.writing() as session:
            now = self.database.now(session)
            course = roster.add_course(session, now, COURSE, "A university")
            roster.assign(session, now, course, ASSIGNMENT, "lab", LAB, max_submissions=LIMIT)
            for number in range(STUDENTS):
                roster.enrol(session, now, course, roster.add_person(session, now, student(number)), "student")

    def hand_in(self, count: int) -> tuple[float, float]:
        """So many new submissions, none of which its student has handed in before, by the product's own way in (without HTTP):
        how many a second, and the CPU seconds of taking them in (the database's not counted)."""
        first, self._made = self._made, self._made + count
        shares = [range(first + part, self._made, PROCESSES) for part in range(PROCESSES)]
        with processes(PROCESSES) as pool:
            began = time.monotonic()
            used = sum(pool.map(accept, [self.url] * PROCESSES, [self.folder] * PROCESSES, shares))
            return count / (time.monotonic() - began), used

    def put_in(self, count: int) -> None:
        """The same without looking at what is handed in: in the database and the blobs it comes to the same."""
        content, blobs, done = find_course(Path(__file__)), FolderBlobs(self.folder / "blobs"), self._made
        kept = dict[bytes, str]()
        lab = content.lab(LAB)
        while self._made < done + count:
            with self.database.writing() as session:
                now = self.database.now(session)
                asked = roster.assignment(session, roster.course(session, COURSE), ASSIGNMENT)
                target = intake.target_of(content, asked)
                for number in range(self._made, min(self._made + AT_ONCE, done + count)):
                    bundled, who = sealed(lab, number // STUDENTS), roster.person(session, student(number))
                    blob = kept.setdefault(bundled, "") or blobs.put(bundled)
                    kept[bundled] = blob
                    taken = work.hand_in(session, now, asked, who, sha256_of(lab, number // STUDENTS), blob)
                    jobs.enqueue(session, now, taken.submission, target.id, target.version, target.image, by=who)
            self._made = min(self._made + AT_ONCE, done + count)

    def wrong(self) -> list[str]:
        """A sentence for everything that was lost or done twice, of all that was ever handed in."""
        with self.database.reading() as session:
            taken = list(session.scalars(select(Submission.id).order_by(Submission.id)))
            judged = Counter(session.scalars(select(Attempt.submission_id)))
            states = Counter(session.scalars(select(Job.state)))
            counted = sum(work.effective(session, number) is not None for number in taken)
        found = [f"submission {number} has {judged[number]} results" for number in taken if judged[number] != 1]
        if len(taken) != self._made or states != {"done": self._made} or counted != self._made:
            found.append(f"of {self._made} there are {len(taken)}, jobs {dict(states)}, {counted} with an effective result")
        return found

    def again(self) -> Counter[str]:
        """Why something had to be leased again, numbers left out, and how often: a fault of ours, or a lease that ended."""
        with self.database.reading() as session:
            asked = select(JobEvent.detail).where(JobEvent.what.in_(("fault", "dead", "lease_ended")))
            return Counter(NUMBERED.sub("…", detail)[:SAID] for detail in session.scalars(asked))


def student(number: int) -> str:
    """Who hands in the so manieth submission."""
    return f"s{number % STUDENTS:04}"


def processes(count: int) -> ProcessPoolExecutor:
    """So many processes, which have imported what the bench needs: what starting Python takes is not measured."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grader.bench.scale.worker", __name__])
    return ProcessPoolExecutor(count, context)


def accept(url: str, folder: Path, numbers: range) -> float:
    """Take in these submissions; the CPU seconds that it took."""
    content, database, blobs = find_course(Path(__file__)), Database(url), FolderBlobs(folder / "blobs")
    lab = content.lab(LAB)
    began = time.process_time()
    for number in numbers:
        intake.accept(database, blobs, content, COURSE, ASSIGNMENT, student(number), sealed(lab, number // STUDENTS))
    used = time.process_time() - began
    database.close()
    return used


@cache
def sealed(lab: Lab, time_of: int) -> bytes:
    """What everybody hands in that so manieth time: the solution, with as many blank lines at its end."""
    solution = samples.solution(lab)[0]
    return bundle(lab, replace(solution, notebook=solution.notebook + b"\n" * time_of))


@cache
def sha256_of(lab: Lab, time_of: int) -> str:
    """What identifies it."""
    return intake.opened(lab, "", "", sealed(lab, time_of)).sha256
