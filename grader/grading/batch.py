"""Grades many submissions side by side; results come as they are done."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.grading import evidence, memory
from grader.grading.grade import Place, grade, version
from grader.grading.submission import Submission
from grader.notebook.rebuild import rebuild
from grader.result import Result

Graded = tuple[Submission, Result | BadInput]


def refused(lab: Lab, submissions: Sequence[Submission]) -> list[tuple[Submission, BadInput]]:
    """Those that are no submission of this lab, and why: known before a service is started for them."""
    found = []
    for submission in submissions:
        try:
            if submission.refused:
                raise submission.refused
            rebuild(lab, submission.notebook)
        except BadInput as error:
            found.append((submission, error))
    return found


def earlier(lab: Lab, submissions: Sequence[Submission], course: Course, kept: Path) -> list[tuple[Submission, Result]]:
    """Those that were graded already on this version of the lab, with the results kept in the folder `kept`."""
    current = version(course, lab)
    found = [(submission, evidence.find(kept, submission, current)) for submission in submissions]
    return [(submission, result) for submission, result in found if result is not None]


def grade_all(lab: Lab, submissions: Sequence[Submission], place: Place, jobs: int) -> Iterator[Graded]:
    """Each submission with its result, or with what makes it no submission of this lab. Order: as they finish.

    Interrupted, it lets the running ones end and starts no more.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="grade") as pool:
        pool.submit(memory.settle).result()  # not here: a Ctrl-C that falls into a finalizer is lost
        now = time.monotonic()
        waiting: dict[Future[Result], Submission] = {pool.submit(_grade, lab, s, place, now): s for s in submissions}
        try:
            for done in as_completed(waiting):
                yield waiting[done], _outcome(done)
        finally:
            for future in waiting:
                future.cancel()


def _grade(lab: Lab, submission: Submission, place: Place, since: float) -> Result:
    """Grade, and note how long it waited for its turn."""
    queue = round(time.monotonic() - since, 3)
    result = grade(lab, submission, place)
    return result.model_copy(update={"seconds": result.seconds.model_copy(update={"queue": queue})})


def _outcome(done: Future[Result]) -> Result | BadInput:
    try:
        return done.result()
    except BadInput as error:
        return error
