"""Handing in a bundle: looked at, kept, acknowledged with its job; or refused, with nothing kept in the gradebook."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.tables import Job, Receipt
from grader.grading import samples
from grader.grading.grade import version
from grader.grading.sealed import bundle
from grader.queue.intake import Accepted, accept, image
from grader.tests.gradebook.small_class import LAB, SmallClass


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


def test_a_bundle_becomes_a_job(klass: SmallClass, small: Course, blobs: FolderBlobs) -> None:
    """The receipt, the submission, the job for this version of lab and environment; the bytes are kept. Again with the same
    key is the same answer; again without one is another receipt, and no other job."""
    lab = small.lab(LAB)
    sealed = bundle(lab, samples.solution(lab)[0])
    given = [accept(klass.database, blobs, small, "math", "adding", "ann", sealed, key) for key in ("k", "k", None)]
    assert given == [Accepted(1, 1, 1, False), Accepted(1, 1, 1, True), Accepted(2, 1, 1, False)]
    with klass.database.reading() as session:
        job, receipt = session.scalars(select(Job)).one(), session.get_one(Receipt, 1)
    assert (job.lab, job.lab_version, job.image) == (LAB, version(small, lab), image(small, lab))
    assert (receipt.received_at, job.requested_by) == (klass.clock.time, klass.ann.id)
    assert [blobs.get(file.name) for file in (blobs.root).rglob("*") if file.is_file()] == [sealed]


def test_the_environment_is_part_of_what_is_graded(small: Course) -> None:
    """Another lock is another image."""
    lab, before = small.lab(LAB), image(small, small.lab(LAB))
    (small.root / "environments/small/uv.lock").write_text("version = 2\n")
    assert image(small, lab) != before


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"{}"])
def test_what_is_no_bundle_is_refused(klass: SmallClass, small: Course, blobs: FolderBlobs, content: bytes) -> None:
    """Before anything is kept."""
    with pytest.raises(BadInput, match=f"adding/ann is no bundle of lab {LAB}"):
        accept(klass.database, blobs, small, "math", "adding", "ann", content)
    assert not blobs.root.exists()


def test_a_notebook_of_another_lab_is_refused(klass: SmallClass, small: Course, blobs: FolderBlobs) -> None:
    """Although the bundle is well made."""
    lab = small.lab(LAB)
    submission = samples.solution(lab)[0]
    other = bundle(lab, type(submission)("x", None, b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'))
    with pytest.raises(BadInput):
        accept(klass.database, blobs, small, "math", "adding", "ann", other)
    assert not blobs.root.exists()


def at_once(calls: Sequence[Callable[[], Accepted]]) -> tuple[list[Accepted], list[BadInput]]:
    """What comes of calls that are made at the same time: answers and refusals."""
    with ThreadPoolExecutor(len(calls)) as pool:
        done = [pool.submit(call) for call in calls]
    refused = [error for future in done if isinstance(error := future.exception(), BadInput)]
    return [future.result() for future in done if future.exception() not in refused], refused


def test_the_same_at_once_is_one_submission_and_one_job(klass: SmallClass, small: Course, blobs: FolderBlobs) -> None:
    """Six impatient clicks: with one key one receipt, without a key six."""
    lab = small.lab(LAB)
    sealed = bundle(lab, samples.solution(lab)[0])
    click = functools.partial(accept, klass.database, blobs, small, "math", "adding", "ann", sealed)
    given, refused = at_once([functools.partial(click, "k")] * 6)
    assert (refused, {(a.receipt, a.submission, a.job) for a in given}) == ([], {(1, 1, 1)})
    assert sorted(a.repeated for a in given) == [False] + [True] * 5
    given, refused = at_once([click] * 6)
    assert (refused, {(a.submission, a.job) for a in given}, len({a.receipt for a in given})) == ([], {(1, 1)}, 6)


def test_the_limit_holds_at_once(klass: SmallClass, small: Course, blobs: FolderBlobs) -> None:
    """Of six different contents handed in at the same time where two are allowed, two are accepted."""
    klass.ask(max_submissions=2)
    lab = small.lab(LAB)
    first = samples.solution(lab)[0]
    different = [dataclasses.replace(first, notebook=first.notebook + b" " * number) for number in range(6)]
    given, refused = at_once(
        [
            functools.partial(accept, klass.database, blobs, small, "math", "adding", "ann", bundle(lab, one))
            for one in different
        ]
    )
    assert (len(given), len({a.submission for a in given}), len(refused)) == (2, 2, 4)
    assert {str(r) for r in refused} == {"all 2 submissions of adding are used (ask whoever teaches it)"}
