"""What a save changed, and which tasks have to be checked again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from grader.course.tree import Lab
from grader.grading.submission import Submission
from grader.notebook.rebuild import rebuild
from grader.result import CheckResult, Result
from grader.work.selection import GIT, anchored

OBJECTS = f"{GIT}/objects/"
"""Content that a repository keeps. What it means is said by the branches that lead to it."""


def changed(lab: Lab, before: Submission, now: Submission) -> list[str]:
    """The tasks in which two submissions differ, in the lab's order; all of them where a file of no task differs.

    Raises BadInput when one of the notebooks is none of this lab.
    """
    old, new = ({cell["id"]: cell.source for cell in rebuild(lab, s.notebook).notebook.cells} for s in (before, now))
    paths = [p for p in {*before.files, *now.files} if before.files.get(p) != now.files.get(p)]
    own = _owners(lab, paths)
    return [task.id for task in lab.spec.tasks if task.id in own or old.get(task.id) != new.get(task.id)]


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file by path, a repository's objects left out."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items() if not path.startswith(OBJECTS)}


def edited(lab: Lab, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The tasks whose files differ, in the lab's order; all of them where a file of no task does, or the repository."""
    own = _owners(lab, [path for path in {*before, *now} if before.get(path) != now.get(path)])
    return [task.id for task in lab.spec.tasks if task.id in own]


def _owners(lab: Lab, paths: Collection[str]) -> set[str]:
    """The tasks that these files are of: all tasks when one of them is of none."""
    owners = {task.id: anchored(task.files) for task in lab.spec.tasks if task.files}
    if any(not any(patterns.match_file(path) for patterns in owners.values()) for path in paths):
        return {task.id for task in lab.spec.tasks}
    return {name for name, patterns in owners.items() if any(map(patterns.match_file, paths))}


def affected(lab: Lab, tasks: Iterable[str]) -> list[str]:
    """The tasks to check again when these changed: the first of them and all that come after it, which may stand on it."""
    order = [task.id for task in lab.spec.tasks]
    first = min((order.index(task) for task in tasks), default=len(order))
    return order[first:]


def joined(lab: Lab, before: Result, new: Result) -> Result:
    """The new result, and for checks that it did not make what the one before had found."""
    found: dict[str, CheckResult] = {c.id: c for c in (*before.checks, *new.checks)}
    checks = tuple(found[spec.id] for spec in lab.spec.checks if spec.id in found)
    return only_of(new.model_copy(update={"checks": checks}), {c.task for c in checks})


def only_of(result: Result, tasks: Collection[str]) -> Result:
    """The result as far as these tasks' checks go."""
    checks = tuple(c for c in result.checks if c.task in tasks)
    earned = round(sum(c.earned for c in checks), 2)
    return result.model_copy(update={"checks": checks, "earned": earned, "possible": sum(c.possible for c in checks)})
