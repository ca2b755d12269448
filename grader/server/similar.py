"""Reads what students handed in last for an assignment, so that it can be compared; what was read once is remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.gradebook.tables import Assignment, Enrolment, Person, Submission
from grader.grading.grade import version
from grader.grading.sealed import unseal
from grader.queue.intake import lab_of
from grader.server.service import Service
from grader.similarity import submitted
from grader.similarity.code import Code
from grader.similarity.fingerprint import fingerprints

REMEMBERED = 3000
"""Submissions: some ten kilobytes each."""


@dataclass(frozen=True)
class LastOne:
    """What a student handed in last."""

    submission: int
    student: str
    blob: str


class Reader:
    """Fingerprints by lab, its version, and blob. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], frozenset[int]] = OrderedDict()
        self._given: dict[tuple[str, str], frozenset[int]] = {}
        self._lock = threading.Lock()

    def given(self, service: Service, lab: Lab) -> frozenset[int]:
        """The k-grams that everybody begins with."""
        key = (lab.id, version(service.content, lab))
        with self._lock:
            if key not in self._given:
                self._given = {other: grams for other, grams in self._given.items() if other[0] != lab.id}
                self._given[key] = submitted.given(lab)
            return self._given[key]

    def fingerprints(self, service: Service, asked: Assignment, blobs: Mapping[int, str]) -> dict[int, frozenset[int]]:
        """Those of each submission, by its blob; none of one that can't be read. One after another, whoever asks: reading a
        class takes seconds, and twice at once takes no less."""
        lab = lab_of(service.content, asked)
        given, found, now = self.given(service, lab), dict[int, frozenset[int]](), version(service.content, lab)
        with self._lock:
            for number, blob in blobs.items():
                key = (lab.id, now, blob)
                if key not in self._known:
                    self._known[key] = fingerprints(code(service, lab, blob), given)
                self._known.move_to_end(key)
                found[number] = self._known[key]
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def code(service: Service, lab: Lab, blob: str) -> Code:
    """The code of a submission; none of what is not there, or is no bundle of this lab."""
    try:
        return submitted.code_of(unseal(lab, "submission", service.blobs.get(blob)))
    except (BadInput, KeyError):
        return Code((), ())


def last_ones(session: Session, asked: Assignment) -> list[LastOne]:
    """Each student's last submission, by name."""
    last = select(func.max(Submission.id)).where(Submission.assignment_id == asked.id).group_by(Submission.person_id)
    query = (
        select(Submission.id, Person.name, Submission.blob)
        .join(Person, Person.id == Submission.person_id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.course_id == asked.course_id, Enrolment.role == "student", Submission.id.in_(last))
        .order_by(Person.name)
    )
    return [LastOne(*row) for row in session.execute(query)]
