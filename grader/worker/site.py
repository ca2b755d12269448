"""Where a worker grades: its course, backend and services, which stay up as long as it works."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from grader.course.tree import Lab
from grader.errors import OurFault, Unavailable
from grader.gradebook import tables, work
from grader.gradebook.blobs import Blobs
from grader.gradebook.database import Database
from grader.grading.grade import Place, grade
from grader.grading.submission import Submission
from grader.queue.intake import opened
from grader.queue.queue import Lease
from grader.result import Result
from grader.stack.images import Images
from grader.stack.stack import Stack
from grader.worker.quizzes import graded

NEXT_STEP = "restore it from a backup"
ImagesFor = Callable[[Sequence[Lab], Stack], contextlib.AbstractContextManager[Images | None]]


class Site:
    """Grades leased jobs. A context: at its end nobody keeps the services up any more."""

    def __init__(self, database: Database, blobs: Blobs, stack: Stack, images_for: ImagesFor, evidence: Path) -> None:
        self._database, self._blobs, self._stack = database, blobs, stack
        self._images_for, self._evidence = images_for, evidence
        self._up = contextlib.ExitStack()
        self._images: dict[str, Images | None] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *error: Any) -> None:
        self._up.close()

    def grade(self, lease: Lease) -> tuple[Result, str]:
        """Grade a job. Raises OurFault when what was handed in can't be read, BadInput when it no longer fits the lab,
        Unavailable when a check can't be made on this machine: marks without it would be wrong."""
        with self._database.reading() as session:
            asked = session.get_one(tables.Assignment, session.get_one(tables.Submission, lease.submission).assignment_id)
        if asked.kind == "quiz":
            return self._quiz(lease, tell=work.one_try(asked))
        lab = self._stack.course.lab(lease.lab)
        submission = self._submission(lab, lease)
        image = self._stack.backend.prepare(self._stack.course.environment(lab.spec.environment))
        with self._place(lab) as place:
            lacking = lab.spec.lacking(place.present)
            if lacking:
                raise Unavailable(f"{', '.join(lacking)} can't be checked here, so no marks are given", "see `mlops doctor`")
            return grade(lab, submission, place), image

    def _quiz(self, lease: Lease, tell: bool) -> tuple[Result, str]:
        course, backend = self._stack.course, self._stack.backend
        image = backend.prepare(course.environment(course.module(course.quiz(lease.lab).module).spec.environment))
        path, person, _, content = self._handed_in(lease)
        return graded(course, backend, lease.lab, content, path, person, tell), image

    def _submission(self, lab: Lab, lease: Lease) -> Submission:
        path, person, sha256, bundle = self._handed_in(lease)
        found = opened(lab, path, person, bundle)
        if found.sha256 != sha256:
            raise OurFault(f"what {person} handed in is something else now: submission {lease.submission}", NEXT_STEP)
        return found

    def _handed_in(self, lease: Lease) -> tuple[str, str, str, bytes]:
        """What a job is about: a name for it, whose it is, its hash, and the bytes. Raises OurFault when they are gone."""
        with self._database.reading() as session:
            row = session.get_one(tables.Submission, lease.submission)
            asked, person = session.get_one(tables.Assignment, row.assignment_id), session.get_one(tables.Person, row.person_id)
        try:
            return f"{asked.name}/{person.name}", person.name, row.sha256, self._blobs.get(row.blob)
        except KeyError:
            raise OurFault(f"what {person.name} handed in is not kept: blob {row.blob}", NEXT_STEP) from None

    @contextlib.contextmanager
    def _place(self, lab: Lab) -> Iterator[Place]:
        """The lab's services, answering now: one that died since the last job is started again."""
        images = self._keep_up(lab)
        with self._stack.use(lab.spec.services) as running:
            course, backend = self._stack.course, self._stack.backend
            yield Place(course, backend, self._stack, running, self._evidence / lab.id, images)

    def _keep_up(self, lab: Lab) -> Images | None:
        """From a lab's first job on, its services and its builder of images stay up until the worker ends."""
        with self._lock:
            if lab.id not in self._images:
                self._up.enter_context(self._stack.use(lab.spec.services))
                self._images[lab.id] = self._up.enter_context(self._images_for([lab], self._stack))
            return self._images[lab.id]
