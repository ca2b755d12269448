"""What a worker finds when it takes a job: the very bytes that were handed in, or a fault of ours that says so."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.errors import BadInput, OurFault
from grader.gradebook import work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.tables import Submission
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue import jobs
from grader.queue.intake import accept
from grader.queue.queue import Lease
from grader.stack.stack import Stack
from grader.tests.gradebook.small_class import IMAGE, LAB, MONDAY, VERSION, SmallClass
from grader.worker.site import Site


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def site(klass: SmallClass, small: Course, blobs: FolderBlobs, tmp_path: Path) -> Site:
    stack = Stack(small, LocalBackend(tmp_path), tmp_path)
    return Site(klass.database, blobs, stack, lambda *_: contextlib.nullcontext(), tmp_path / "evidence")


@pytest.fixture
def lease(klass: SmallClass, small: Course, blobs: FolderBlobs) -> Lease:
    """On ann's solution."""
    sealed = bundle(small.lab(LAB), samples.solution(small.lab(LAB))[0])
    accept(klass.database, blobs, small, "math", "adding", "ann", sealed)
    return klass.lease()


def test_the_submission_is_of_whoever_handed_it_in(site: Site, small: Course, lease: Lease) -> None:
    """As it was handed in, under a name that says for what and by whom."""
    found = site._submission(small.lab(LAB), lease)
    assert (found.path, found.student, found.tampered) == ("adding/ann", "ann", "")
    assert found.sha256 == samples.solution(small.lab(LAB))[0].sha256


def test_a_blob_that_is_gone_is_our_fault(site: Site, lease: Lease, tmp_path: Path) -> None:
    """It names the blob, and what to do."""
    for file in (tmp_path / "blobs").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(OurFault, match=r"what ann handed in is not kept: blob [0-9a-f]{64} \(restore it from a backup\)"):
        site.grade(lease)


def test_a_row_that_says_something_else_is_our_fault(site: Site, lease: Lease, klass: SmallClass) -> None:
    """The hash that was acknowledged is the one that is graded."""
    with klass.database.writing() as session:
        blob = session.get_one(Submission, lease.submission).blob
        other = work.hand_in(session, MONDAY, klass.adding, klass.bob, "other", blob).submission
        jobs.enqueue(session, MONDAY, other, LAB, VERSION, IMAGE)
    with pytest.raises(OurFault, match="what bob handed in is something else now"):
        site.grade(klass.lease())


def test_a_lab_that_is_gone_is_for_a_person(site: Site, lease: Lease, small: Course) -> None:
    """BadInput: no other try can help."""
    for file in (small.root / "labs" / LAB).glob("lab.yaml"):
        file.unlink()
    with pytest.raises(BadInput, match=f"lab {LAB} is planned, and not written yet"):
        site.grade(lease)
