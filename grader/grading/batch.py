"""Grades many submissions side by side; results come as they are done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading.grade import Place, grade
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


def grade_all(lab: Lab, submissions: Sequence[Submission], place: Place, jobs: int) -> Iterator[Graded]:
    """Each submission with its result, or with what makes it no submission of this lab. Order: as they finish.

    Interrupted, it lets the running ones end and starts no more.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="grade") as pool:
        waiting: dict[Future[Result], Submission] = {pool.submit(grade, lab, s, place): s for s in submissions}
        try:
            for done in as_completed(waiting):
                yield waiting[done], _outcome(done)
        finally:
            for future in waiting:
                future.cancel()


def _outcome(done: Future[Result]) -> Result | BadInput:
    try:
        return done.result()
    except BadInput as error:
        return error
