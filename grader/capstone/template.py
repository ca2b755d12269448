"""Makes the folder with which the capstone begins."""

from __future__ import annotations

import os
from pathlib import Path

from grader.course import data
from grader.course.tree import Course
from grader.errors import BadInput
from grader.learner import bundle
from grader.learner.place import WORK_VARIABLE
from grader.work import author

NAME = "churn-predictor"


def default_folder() -> Path:
    """`$MLOPS_WORK`/churn-predictor, by default below ~/mlops-labs."""
    return Path(os.environ.get(WORK_VARIABLE) or Path.home() / "mlops-labs").expanduser() / NAME


def files(course: Course) -> dict[str, bytes]:
    """What the folder begins with, by path: the template, and the rows of all milestones."""
    milestones = course.milestones()
    if not milestones:
        raise BadInput("this course has no capstone", f"{course.root} holds no capstone/capstone.yaml")
    rows = {d.file: data.visible(course, d) for milestone in milestones for d in milestone.spec.data}
    return author.starter(milestones[0]) | rows


def create(course: Course, folder: Path) -> list[str]:
    """Write the template into the folder, which must be new or empty; returns the paths written.

    No git repository is made: that is the first milestone. Raises BadInput for a folder that lies inside the course, that
    holds anything, or that can't be written.
    """
    inside = folder.resolve()
    if course.root.resolve() in (inside, *inside.parents):
        raise BadInput(f"{folder} lies inside the course", "work elsewhere, so that updates never touch your files")
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file", "name a folder that is new or empty")
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty", "name a folder that is new or empty: what is there stays as it is")
    content = files(course)
    try:
        bundle.put(folder, content)
    except OSError as error:
        raise BadInput(f"{folder} can't be written: {error.strerror}", "name a folder of your own") from None
    return sorted(content)
