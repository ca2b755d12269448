"""The tables: who is in a course, what is asked of them, what they handed in, and what was said of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from grader.gradebook.columns import Base, Key, to

Role = Literal["student", "grader", "instructor", "admin"]
Kind = Literal["lab", "quiz", "milestone", "exam"]
Counts = Literal["best", "last"]
NOT_OURS = text("NOT ours")
"""Of attempts: a job comes to one verdict at most, however many of its runs failed through our fault."""


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=f"known_{column}")


class Course(Base):
    """A run of a course with a class: `autumn-2026`."""

    __tablename__ = "course"
    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody, whatever courses they are in. `name` is the one that bundles and folders carry."""

    __tablename__ = "person"
    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class Enrolment(Base):
    """A person's role in a course."""

    __tablename__ = "enrolment"
    __table_args__ = (_one_of("role", get_args(Role)),)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    role: Mapped[str]
    created_at: Mapped[datetime]


class Assignment(Base):
    """What a course asks for: a lab, quiz, milestone or exam of the content, with its dates and its late policy."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("course_id", "name"),
        _one_of("kind", get_args(Kind)),
        _one_of("counts", get_args(Counts)),
    )
    id: Mapped[Key]
    course_id: Mapped[int] = to("course")
    name: Mapped[str]
    kind: Mapped[str]
    content: Mapped[str]
    """Id of the lab, quiz, milestone or exam in the content."""
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    late_policy: Mapped[str] = mapped_column(default='{"kind":"none"}')
    """A `LatePolicy` (late.py) as JSON."""
    counts: Mapped[str] = mapped_column(default="best")
    """Which of a person's submissions gives the score."""
    max_submissions: Mapped[int | None]
    released_at_once: Mapped[bool] = mapped_column(default=True)
    """Whether a first result is shown to its student as soon as it is there; a regrade's never is."""
    created_at: Mapped[datetime]


class Extension(Base):
    """Other dates for one person; the last one given holds."""

    __tablename__ = "extension"
    id: Mapped[Key]
    assignment_id: Mapped[int] = to("assignment")
    person_id: Mapped[int] = to("person")
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    reason: Mapped[str]
    given_by: Mapped[int] = to("person")
    created_at: Mapped[datetime]


class Submission(Base):
    """A content that a person handed in for an assignment. The same content again is the same submission, with one more
    receipt: it can't be charged, nor graded, twice."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id", "sha256"),)
    id: Mapped[Key]
    assignment_id: Mapped[int] = to("assignment")
    person_id: Mapped[int] = to("person")
    sha256: Mapped[str]
    """Of what was handed in (`Submission.sha256` in grading)."""
    blob: Mapped[str]
    """Of the sealed bundle's bytes: its name in the blob store."""
    created_at: Mapped[datetime]


class Draft(Base):
    """An answer to a question of a quiz that its person may still change: nothing of it is handed in."""

    __tablename__ = "draft"
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[str]
    """What identifies the question as it was shown: an answer is one to that, and not to what the author made of it later."""
    answer: Mapped[str]
    changed_at: Mapped[datetime]


class Receipt(Base):
    """That a submission was accepted, and when. What was acknowledged to a person is a receipt."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("person_id", "idempotency_key"),)
    id: Mapped[Key]
    submission_id: Mapped[int] = to("submission")
    person_id: Mapped[int] = to("person")
    idempotency_key: Mapped[str | None]
    """Of the request, where it had one: the same key again is answered with the same receipt."""
    received_at: Mapped[datetime]


class Attempt(Base):
    """One grading of a submission, with its whole result. Those that failed through our fault are kept, and count for
    nothing."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("submission_id", "number"),
        UniqueConstraint("job_id", "token"),
        Index(
            "uq_attempt_one_verdict", "job_id", unique=True, sqlite_where=text("NOT ours"), postgresql_where=text("NOT ours")
        ),
    )
    id: Mapped[Key]
    submission_id: Mapped[int] = to("submission")
    number: Mapped[int]
    job_id: Mapped[int] = to("job")
    token: Mapped[int]
    """The lease's token under which it was written."""
    worker: Mapped[str]
    lab_version: Mapped[str]
    image: Mapped[str]
    """What identifies the environment that it ran in."""
    outcome: Mapped[str]
    ours: Mapped[bool]
    earned: Mapped[float]
    possible: Mapped[float]
    result: Mapped[str]
    """The object of design section 8, as one line of JSON."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Release(Base):
    """That an attempt's result is shown to its student from now on; the last one released is the one they see."""

    __tablename__ = "release"
    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), unique=True)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Reveal(Base):
    """That an assignment's hidden checks are shown to its students from now on, in every result that is released."""

    __tablename__ = "reveal"
    id: Mapped[Key]
    assignment_id: Mapped[int] = to("assignment")
    revealed_by: Mapped[int] = to("person")
    created_at: Mapped[datetime]


class Mark(Base):
    """A mark given by hand: points of one check in place of the grader's, or (no check) points added to the sum. The last
    one for a check holds; without points it takes an earlier one back."""

    __tablename__ = "mark"
    id: Mapped[Key]
    submission_id: Mapped[int] = to("submission")
    check: Mapped[str] = mapped_column(default="")
    points: Mapped[float | None]
    reason: Mapped[str]
    given_by: Mapped[int] = to("person")
    created_at: Mapped[datetime]


class Comment(Base):
    """Words about a submission, or about one check of it."""

    __tablename__ = "comment"
    id: Mapped[Key]
    submission_id: Mapped[int] = to("submission")
    check: Mapped[str] = mapped_column(default="")
    words: Mapped[str]
    written_by: Mapped[int] = to("person")
    created_at: Mapped[datetime]


class Job(Base):
    """A grading to be done. Whoever holds its lease does it; only the holder of its last token may write what came out."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("submission_id", "lab_version", "image", "round"),
        _one_of("state", ("waiting", "leased", "done", "dead")),
    )
    id: Mapped[Key]
    submission_id: Mapped[int] = to("submission")
    person_id: Mapped[int] = to("person")
    """Of the submission: whose turn it is."""
    lab: Mapped[str]
    lab_version: Mapped[str]
    image: Mapped[str]
    round: Mapped[int] = mapped_column(default=0)
    """0, and one more each time that the same is asked for again on purpose."""
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    not_before: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    """How often it was leased since somebody last said that it may be tried."""
    token: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(default="")
    """What went wrong the last time, through our fault."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class JobEvent(Base):
    """What happened to a job: enqueued, leased, lease_ended, fault, handed_back, done, dead, retried."""

    __tablename__ = "job_event"
    id: Mapped[Key]
    job_id: Mapped[int] = to("job")
    what: Mapped[str]
    token: Mapped[int]
    worker: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Webhook(Base):
    """An address that is told what happens in a course. `secret` signs what is sent there, so it can't be kept as a hash."""

    __tablename__ = "webhook"
    id: Mapped[Key]
    course_id: Mapped[int] = to("course")
    url: Mapped[str]
    secret: Mapped[str]
    events: Mapped[str]
    """Which events, separated by spaces."""
    active: Mapped[bool] = mapped_column(default=True)
    added_by: Mapped[int] = to("person")
    created_at: Mapped[datetime]


class Delivery(Base):
    """A message for a webhook, written together with what it tells of; sent later, by whoever sends (exchange/sender.py)."""

    __tablename__ = "delivery"
    __table_args__ = (_one_of("state", ("waiting", "done", "dead")),)
    id: Mapped[Key]
    webhook_id: Mapped[int] = to("webhook")
    message: Mapped[str] = mapped_column(unique=True)
    """Its id for the receiver: the same at every try, so that what arrives twice is known."""
    payload: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    """What the last try came to."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
