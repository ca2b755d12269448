"""Brings an nbgrader course into the gradebook: roster, assignments, submissions, scores, marks by hand, comments.

What came from a cell's tests becomes an attempt; what a person gave (a score by hand, extra credit), and what nbgrader took
for lateness, becomes a mark, so that the sums are nbgrader's. Bringing in the same again adds nothing; what has changed there
since becomes a further attempt or mark. A mark that was given here stays.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.exchange.nbgrader_course import Assigned, Grade, NbgraderCourse, Submitted, files
from grader.gradebook import roster, tables, work
from grader.gradebook.blobs import Blobs
from grader.gradebook.late import Dates
from grader.grading.inbox import of_folder
from grader.grading.sealed import bundle
from grader.grading.submission import Submission
from grader.queue import jobs
from grader.result import CheckResult, Result, Status

REASON = "imported from nbgrader"
IMAGE = "nbgrader"


@dataclass
class Tally:
    """How many rows an import added."""

    students: int = 0
    assignments: int = 0
    submissions: int = 0
    attempts: int = 0
    marks: int = 0
    comments: int = 0
    extensions: int = 0


@dataclass(frozen=True)
class Packed:
    """A submission's content, kept as a blob."""

    sha256: str
    blob: str


def pack(content: Course, found: NbgraderCourse, blobs: Blobs) -> dict[tuple[str, str], Packed]:
    """Keep everything that was handed in, by assignment and student: as a bundle where the assignment is a lab of this
    course, so that it can be graded again here, else as a zip file. Raises BadInput, BlobsUnavailable."""
    kept = dict[tuple[str, str], Packed]()
    for submitted in found.submissions:
        lab = lab_of(content, submitted.assignment)
        submission = _submission(lab, submitted)
        blob = bundle(lab, submission) if lab is not None and submission.notebook else _zip(submission.files)
        kept[submitted.assignment, submitted.student] = Packed(submission.sha256, blobs.put(blob))
    return kept


def lab_of(content: Course, assignment: str) -> Lab | None:
    """The lab of this very name, if the course has one."""
    try:
        lab = content.lab(assignment)
    except BadInput:
        return None
    return lab if lab.id == assignment else None


def bring(
    session: Session, now: datetime, course: tables.Course, found: NbgraderCourse, kept: Mapping[tuple[str, str], Packed],
    by: tables.Person,
) -> Tally:  # fmt: skip
    """Write it all, in the caller's transaction. Raises BadInput for a name or an address that can't be."""
    tally, people, asked = Tally(), dict[str, tables.Person](), dict[str, tables.Assignment]()
    for student in found.students:
        person = roster.add_person(session, now, student.name, student.full_name, student.email)
        people[student.name] = person
        if roster.role(session, course.id, person.id) is None:
            roster.enrol(session, now, course, person, "student")
            tally.students += 1
    of_course = select(tables.Assignment).where(tables.Assignment.course_id == course.id)
    known = {row.name: row for row in session.scalars(of_course)}
    for assigned in found.assignments:
        if assigned.name not in known:
            tally.assignments += 1
            dates = Dates(due=assigned.due)
            known[assigned.name] = roster.assign(
                session, now, course, assigned.name, "lab", assigned.name, dates, counts="last"
            )  # fmt: skip
        asked[assigned.name] = known[assigned.name]
    about = {assigned.name: assigned for assigned in found.assignments}
    for submitted in found.submissions:
        one = _One(session, now, by, tally, about[submitted.assignment], submitted)
        one.bring(asked[submitted.assignment], people[submitted.student], kept[submitted.assignment, submitted.student])
    return tally


@dataclass(frozen=True)
class _One:
    """One submission on its way in."""

    session: Session
    now: datetime
    by: tables.Person
    tally: Tally
    assigned: Assigned
    submitted: Submitted

    def bring(self, asked: tables.Assignment, person: tables.Person, kept: Packed) -> None:
        """Write what is not there yet of it."""
        row = self._submission(asked, person, kept)
        if self.submitted.due is not None:
            self._extension(asked, person, self.submitted.due)
        if self.submitted.grades:
            self._attempt(row, asked)
            self._marks(row)
        for check, words in self.submitted.comments:
            self._comment(row, check, words)

    def _submission(self, asked: tables.Assignment, person: tables.Person, kept: Packed) -> tables.Submission:
        same = (tables.Submission.assignment_id == asked.id, tables.Submission.person_id == person.id)
        row = self.session.scalar(select(tables.Submission).where(*same, tables.Submission.sha256 == kept.sha256))
        if row is not None:
            return row
        row = tables.Submission(
            assignment_id=asked.id, person_id=person.id, sha256=kept.sha256, blob=kept.blob, created_at=self.now
        )
        self.session.add(row)
        self.session.flush()
        received = self.submitted.received or self.now
        self.session.add(tables.Receipt(submission_id=row.id, person_id=person.id, received_at=received))
        self.tally.submissions += 1
        return row

    def _extension(self, asked: tables.Assignment, person: tables.Person, due: datetime) -> None:
        if asked.due_at is None or roster.dates(self.session, asked, person.id).due == max(due, asked.due_at):
            return
        roster.extend(self.session, self.now, asked, person, due, None, REASON, self.by)
        self.tally.extensions += 1

    def _attempt(self, row: tables.Submission, asked: tables.Assignment) -> None:
        """The result, as a job that is done already: it is asked for and told like every other one."""
        result = self._result(row, asked)
        before = work.effective(self.session, row.id, released=False)
        if before is not None and before.result == result.json_line():
            return
        job = jobs.enqueue(
            self.session, self.now, row, asked.content, result.lab_version, IMAGE, reason=REASON, by=self.by, again=True
        )
        job.state, job.token, job.finished_at = "done", job.token + 1, self.now
        jobs.note(self.session, self.now, job, "done", REASON, self.by)
        attempt = work.record(self.session, self.now, job, IMAGE, IMAGE, result)
        work.release(self.session, self.now, attempt, self.by)
        self.tally.attempts += 1

    def _result(self, row: tables.Submission, asked: tables.Assignment) -> Result:
        graded = [(cell, self.submitted.grades.get(cell.id, Grade(None, None, None))) for cell in self.assigned.cells]
        checks = tuple(
            CheckResult(
                id=cell.id, task=cell.notebook, statement="Graded by hand." if cell.by_hand else "The cell's tests pass.",
                status=_status(grade.auto, cell.points), earned=grade.auto or 0.0, possible=cell.points,
            )
            for cell, grade in graded
        )  # fmt: skip
        return Result(
            lab=asked.content, lab_version=self.assigned.version, submission=f"{asked.name}/{self.submitted.student}",
            student=self.submitted.student, submission_sha256=row.sha256, outcome="finished",
            earned=round(sum(check.earned for check in checks), 2), possible=sum(check.possible for check in checks),
            checks=checks,
        )  # fmt: skip

    def _marks(self, row: tables.Submission) -> None:
        """What people gave in nbgrader; a mark that somebody gave here since holds."""
        wanted = {cell: points for cell, grade in self.submitted.grades.items() if (points := _by_hand(grade)) is not None}
        if self.submitted.penalty:
            wanted[""] = -self.submitted.penalty
        given = self.session.scalars(select(tables.Mark).where(tables.Mark.submission_id == row.id).order_by(tables.Mark.id))
        last = {mark.check: (mark.points, mark.reason) for mark in given}
        gone = {check: None for check, (points, why) in last.items() if why == REASON and points is not None}
        for check, points in {**gone, **wanted}.items():
            before, why = last.get(check, (None, REASON))
            if why == REASON and before != points:
                work.mark(self.session, self.now, row, check, points, REASON, self.by)
                self.tally.marks += 1

    def _comment(self, row: tables.Submission, check: str, words: str) -> None:
        same = (tables.Comment.submission_id == row.id, tables.Comment.check == check, tables.Comment.words == words)
        if self.session.scalar(select(tables.Comment.id).where(*same)) is None and words.strip():
            work.comment(self.session, self.now, row, words, self.by, check)
            self.tally.comments += 1


def _by_hand(grade: Grade) -> float | None:
    """A cell's points where a person gave any (nbgrader's own sum: `Grade.score`)."""
    if grade.manual is None and not grade.extra:
        return None
    return (grade.auto or 0.0 if grade.manual is None else grade.manual) + (grade.extra or 0.0)


def _status(earned: float | None, possible: float) -> Status:
    if earned is None:
        return "not_run"
    return "passed" if earned >= possible else "partial" if earned > 0 else "failed"


def _submission(lab: Lab | None, submitted: Submitted) -> Submission:
    path = f"{submitted.assignment}/{submitted.student}"
    if submitted.folder is None:
        return Submission(path, submitted.student, b"")
    if lab is not None and (submitted.folder / f"{lab.id}.ipynb").is_file():
        return of_folder(lab, submitted.folder)
    return Submission(path, submitted.student, b"", files=files(submitted.folder))


def _zip(content: Mapping[str, bytes]) -> bytes:
    """The files as a zip file: the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(content.items()):
            archive.writestr(zipfile.ZipInfo(path), data)
    return out.getvalue()
