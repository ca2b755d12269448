"""The way in: a sealed bundle is looked at, kept, and acknowledged together with the job that will grade it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from grader.course.tree import Course, Lab
from grader.errors import BadInput
from grader.gradebook import roster, work
from grader.gradebook.blobs import Blobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Assignment
from grader.grading.batch import refused
from grader.grading.grade import version
from grader.grading.sealed import unseal
from grader.grading.submission import Submission
from grader.queue import jobs


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
    """Accept a bundle. The blob is kept first; receipt, submission and job are one transaction.

    Raises BadInput for what is no bundle of the assignment's lab and for what the assignment doesn't take (now, or of this
    person), DatabaseUnavailable and BlobsUnavailable when nothing was acknowledged.
    """
    with database.reading() as session:
        asked, who = roster.assignment(session, roster.course(session, course), assignment), roster.person(session, person)
        if key is None or work.answered(session, who, key) is None:
            work.may(session, database.now(session), asked, who)
    lab = lab_of(content, asked)
    read = opened(lab, f"{assignment}/{person}", person, bundle)
    for _, why in refused(lab, [read]):
        raise why
    blob, lab_version, built_from = blobs.put(bundle), version(content, lab), image(content, lab)
    with database.writing() as session:
        now = database.now(session)
        handed_in = work.hand_in(session, now, asked, who, read.sha256, blob, key)
        job = jobs.enqueue(session, now, handed_in.submission, lab.id, lab_version, built_from, by=who)
        return Accepted(handed_in.receipt.id, handed_in.submission.id, job.id, handed_in.repeated)


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
    environment = content.environment(lab.spec.environment)
    own = environment.folder / "Dockerfile"
    files = [own if own.is_file() else environment.folder.parent / "Dockerfile"]
    files += [environment.folder / name for name in ("environment.yaml", "pyproject.toml", "uv.lock")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"")
        digest.update(b"\0")
    return digest.hexdigest()[:16]
