"""A save has the tasks checked again that it can have changed; the others keep what was found."""

from __future__ import annotations

import dataclasses

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.grading.submission import Submission
from grader.learner import bundle, changes
from grader.learner.changes import affected, changed, joined
from grader.result import CheckResult, Result
from grader.work import author


@pytest.fixture(scope="module")
def lab04(course: Course) -> Lab:
    return course.lab("04")


def handed_in(course: Course, lab: Lab, kind: str = "solution") -> Submission:
    notebook = bundle.files(course, lab, kind)[bundle.notebook_name(lab)]
    return Submission("x", None, notebook, files=author.solution(lab) if lab.spec.work else {})


def edited(submission: Submission, cell: str) -> Submission:
    """The submission with a line more in a cell."""
    notebook = nbformat.reads(submission.notebook.decode(), as_version=4)
    for one in notebook.cells:
        if one["id"] == cell:
            one.source += "\n# and a thought"
    return dataclasses.replace(submission, notebook=nbformat.writes(notebook).encode())


def tasks(lab: Lab) -> list[str]:
    return [task.id for task in lab.spec.tasks]


def test_a_cell_that_changed_names_its_task(course: Course, lab04: Lab) -> None:
    """Each task's cell, and no other."""
    before = handed_in(course, lab04)
    assert {task: changed(lab04, before, edited(before, task)) for task in tasks(lab04)} == {t: [t] for t in tasks(lab04)}


def test_what_is_not_handed_in_changes_nothing(course: Course, lab04: Lab) -> None:
    """The author's own cells are replaced by the author's before they run."""
    before = handed_in(course, lab04)
    given = next(cell["id"] for cell in nbformat.reads(before.notebook.decode(), as_version=4).cells
                 if cell["id"] not in tasks(lab04))  # fmt: skip
    assert changed(lab04, before, edited(before, given)) == []


def test_a_file_that_changed_names_its_task(course: Course) -> None:
    """A file of a task changes that task; one of none may matter to all of them."""
    lab = course.lab("02")
    before = handed_in(course, lab)
    with_files = next(task for task in lab.spec.tasks if task.files)
    own = next(path for path in before.files if path in with_files.files)
    assert with_files.id in changed(lab, before, dataclasses.replace(before, files={**before.files, own: b"other"}))
    assert changed(lab, before, dataclasses.replace(before, files={**before.files, "notes.txt": b"x"})) == tasks(lab)


def test_hashes_tell_the_same_of_files(course: Course) -> None:
    """What is kept of a check names the tasks whose files were saved since; a commit may matter to all, an object to none."""
    lab = course.lab("01")
    files = {**author.solution(lab), ".git/HEAD": b"ref: refs/heads/main", ".git/refs/heads/main": b"1" * 40}
    before = changes.hashes(files)

    def since(path: str, content: bytes) -> list[str]:
        return changes.edited(lab, before, changes.hashes({**files, path: content}))

    assert since("churn/money.py", files["churn/money.py"]) == since(f".git/objects/ab/{'c' * 38}", b"x") == []
    assert since("churn/money.py", b"other") == ["evaluate"]
    assert since(".git/refs/heads/main", b"2" * 40) == since("churn/notes.txt", b"x") == tasks(lab)
    lost = {path: content for path, content in files.items() if path != "churn/data.py"}
    assert changes.edited(lab, before, changes.hashes(lost)) == ["data"]


def test_later_tasks_may_stand_on_it(lab04: Lab) -> None:
    """The first task that changed and all after it; nothing when nothing changed."""
    order = tasks(lab04)
    assert (affected(lab04, [order[2], order[1]]), affected(lab04, [])) == (order[1:], [])


def result(lab: Lab, some: list[str], status: str) -> Result:
    checks = tuple(
        CheckResult.model_validate(
            {"id": c.id, "task": t.id, "statement": "s", "status": status, "earned": c.points * (status == "passed"),
             "possible": c.points}
        )
        for t in lab.spec.tasks if t.id in some for c in t.checks
    )  # fmt: skip
    return Result(
        lab=lab.id, lab_version="v", submission="x", student=None, submission_sha256="h", outcome="finished",
        earned=sum(c.earned for c in checks), possible=sum(c.possible for c in checks), checks=checks,
    )  # fmt: skip


def test_what_was_not_checked_again_keeps_its_verdict(lab04: Lab) -> None:
    """All checks in the lab's order, their points added up anew."""
    order = tasks(lab04)
    both = joined(lab04, result(lab04, order, "failed"), result(lab04, order[1:], "passed"))
    assert [c.id for c in both.checks] == [c.id for c in lab04.spec.checks]
    assert {c.task for c in both.checks if c.status == "failed"} == {order[0]}
    assert (both.earned, both.possible) == (100 - lab04.task(order[0]).points, 100)
