"""The way in: a sealed bundle, or the answers to a quiz, is looked at, kept, and acknowledged together with the job that
will grade it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from grader.course.tree import Course, Lab, Milestone
from grader.errors import BadInput
from grader.gradebook import roster, work
from grader.gradebook.blobs import Blobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Assignment, Kind
from grader.grading.batch import refused
from grader.grading.grade import version
from grader.grading.sealed import unseal
from grader.grading.submission import Submission
from grader.queue import jobs
from grader.quiz import handed_in
from grader.quiz.grade import version as quiz_version


@dataclass(frozen=True)
class Target:
    """What an assignment's work is graded by: content, its version, and what identifies the environment."""

    id: str
    version: str
    image: str


@dataclass(frozen=True)
class Accepted:
    """What is acknowledged: from here on the submission is graded, whatever happens to any process."""

    receipt: int
    submission: int
    job: int
    repeated: bool


def accept(
    database: Database, blobs: Blobs, content: Course, course: str, assignment: str, person: str, bundle: bytes,
    key: str | None = None,
) -> Accepted:  # fmt: skip
    """Accept a bundle, or the answers to a quiz. The blob is kept first; receipt, submission and job are one transaction.

    Raises BadInput for what is no work for the assignment and for what the assignment doesn't take (now, or of this person),
    DatabaseUnavailable and BlobsUnavailable when nothing was acknowledged.
    """
    with database.reading() as session:
        asked, who = roster.assignment(session, roster.course(session, course), assignment), roster.person(session, person)
        if key is None or work.answered(session, who, key) is None:
            work.may(session, database.now(session), asked, who)
    sha256 = identified(content, course, asked, person, bundle)
    blob, target = blobs.put(bundle), target_of(content, asked)
    with database.writing() as session:
        now = database.now(session)
        taken = work.hand_in(session, now, asked, who, sha256, blob, key)
        job = jobs.enqueue(session, now, taken.submission, target.id, target.version, target.image, by=who)
        return Accepted(taken.receipt.id, taken.submission.id, job.id, taken.repeated)


def identified(content: Course, course: str, asked: Assignment, person: str, sent: bytes) -> str:
    """The hash of what was handed in, which was looked at first. Raises BadInput for what is no work for the assignment."""
    if asked.kind == "quiz":
        answers = handed_in.parse(sent)
        handed_in.check(content.quiz(asked.content), handed_in.seed_of(course, asked.name, person), answers)
        return answers.sha256
    lab = lab_of(content, asked)
    read = opened(lab, f"{asked.name}/{person}", person, sent)
    for _, why in refused(lab, [read]):
        raise why
    return read.sha256


def kind_of(content: Course, lab: str | None, quiz: str | None) -> tuple[Kind, str]:
    """What an assignment of a quiz, or else of a lab or milestone, is about: its kind and its content's id. Raises BadInput
    for what the content doesn't have."""
    if quiz is not None:
        return "quiz", content.quiz(quiz).id
    found = content.lab(lab or "")
    return "milestone" if isinstance(found, Milestone) else "lab", found.id


def target_of(content: Course, asked: Assignment) -> Target:
    """What an assignment's work is graded by now. Raises BadInput where the content doesn't have it."""
    if asked.kind == "quiz":
        quiz = content.quiz(asked.content)
        return Target(quiz.id, quiz_version(content, quiz), _image(content, content.module(quiz.module).spec.environment))
    lab = lab_of(content, asked)
    return Target(lab.id, version(content, lab), image(content, lab))


def opened(lab: Lab, path: str, person: str, bundle: bytes) -> Submission:
    """The submission in a bundle; it is of whoever handed it in, whatever name it carries. Raises BadInput."""
    return replace(unseal(lab, path, bundle), student=person)


def lab_of(content: Course, asked: Assignment) -> Lab:
    """The lab that an assignment is about. Raises BadInput for a kind that no bundle is handed in for."""
    if asked.kind == "lab":
        return content.lab(asked.content)
    if asked.kind == "milestone":
        return content.milestone(asked.content)
    raise BadInput(f"assignment {asked.name} is a {asked.kind}: nothing is handed in for it as a bundle", "see the course")


def image(content: Course, lab: Lab) -> str:
    """What identifies a lab's environment, wherever it is built: a hash over the files it is built from."""
    return _image(content, lab.spec.environment)


def _image(content: Course, name: str) -> str:
    environment = content.environment(name)
    own = environment.folder / "Dockerfile"
    files = [own if own.is_file() else environment.folder.parent / "Dockerfile"]
    files += [environment.folder / name for name in ("environment.yaml", "pyproject.toml", "uv.lock")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"")
        digest.update(b"\0")
    return digest.hexdigest()[:16]
