"""A milestone in a class: handed in over HTTP, graded by a worker, shown to its student."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest

from grader.backends.local.backend import LocalBackend
from grader.cli import capstone
from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.grading import samples
from grader.grading.inbox import of_folder
from grader.grading.sealed import unseal
from grader.learner import bundle
from grader.stack.stack import Stack
from grader.tests.server.school import School, ok
from grader.tests.server.test_handing_in import Learner
from grader.worker.site import Site
from grader.worker.worker import Worker

__all__ = ["capstone"]
"""It registers its commands when it is imported."""
FIRST = "/api/v1/courses/math/assignments/first"


def test_a_milestone_is_sealed_from_the_repository(course: Course, tmp_path: Path) -> None:
    """`mlops submit` takes it from where the capstone is, whatever folder labs are in; without one it says how to begin."""
    milestone, mlops, sealed = course.milestone("capstone-00"), Learner(tmp_path / "home", course.root), tmp_path / "m.zip"
    with pytest.raises(BadInput, match=r"the capstone was not started yet \(mlops capstone init\)"):
        mlops("submit", milestone.id)
    bundle.put(tmp_path / "mine", samples.solution(milestone)[0].files)
    assert mlops("capstone", "init", str(tmp_path / "mine"))[0] == 0
    assert mlops("submit", milestone.id, "--out", str(sealed))[0] == 0
    found = unseal(milestone, "m", sealed.read_bytes())
    assert found.files == of_folder(milestone, tmp_path / "mine").files
    assert {"README.md", ".git/HEAD"} <= set(found.files)


@pytest.mark.timeout(600)
def test_a_worker_grades_a_milestone(course: Course, migrated_file: Path, home: Path, tmp_path: Path) -> None:
    """The reference's repository as a zip file, its commits included: full marks, and one attempt, which counts."""
    (tmp_path / "class.db").write_bytes(migrated_file.read_bytes())
    blobs, milestone = FolderBlobs(tmp_path / "blobs"), course.milestone("capstone-00")
    school = School(Database(f"sqlite:///{tmp_path / 'class.db'}"), course, blobs)
    assert ok(school.http("instructor").put(FIRST, json={"lab": milestone.id}))["kind"] == "milestone"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in samples.solution(milestone)[0].files.items():
            archive.writestr(f"churn-predictor/{name}", content)
    owner, said = school.http("owner"), list[str]()
    number = ok(owner.post(f"{FIRST}/submissions", content=packed.getvalue()), 202)["submission"]

    stack = Stack(course, LocalBackend(home), home)
    with Site(school.database, blobs, stack, lambda *_: contextlib.nullcontext(), tmp_path / "evidence") as site:
        Worker(school.queue, site.grade, 1, "w", said.append).run(until_empty=True)
    assert said == ["job 1: finished, 100/100"]
    seen = ok(owner.get(f"/api/v1/submissions/{number}/result"))
    assert (seen["attempt"], seen["released"], seen["earned"], seen["possible"]) == (1, True, 100, 100)
    assert [(c["id"], c["status"]) for c in seen["result"]["checks"]] == [(c.id, "passed") for c in milestone.spec.checks]
