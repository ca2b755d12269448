"""Where a learner works on a lab. What makes the folder is apart from it, since it imports nbgrader: a second or more."""

from __future__ import annotations

import os
from pathlib import Path

from grader.course.tree import Lab

WORK_VARIABLE = "MLOPS_WORK"


def folder_of(lab: Lab) -> Path:
    """`$MLOPS_WORK`/<lab>, by default below ~/mlops-labs."""
    return Path(os.environ.get(WORK_VARIABLE) or Path.home() / "mlops-labs").expanduser() / lab.id
