"""What learners' commands say with `--json`: one object a line on standard output, as `check --json` does (design, section 8).

The notebook's magics and JupyterLab's panel read these; neither reads what is printed for people.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

from pydantic import Field

from grader.result import Frozen, Result, Text


class Said(Frozen):
    """Base of all objects."""

    schema_: Literal[1] = Field(1, alias="schema")

    def write(self) -> None:
        """Print it as one line."""
        sys.stdout.write(self.model_dump_json(by_alias=True) + os.linesep)


class HintSaid(Said):
    """A hint; `check` is None when there is nothing to hint at, which `text` says then."""

    lab: str
    check: str | None
    tier: int
    of: int
    """How many hints there are for what the check found."""
    text: Text

    @property
    def sentence(self) -> str:
        """The hint as a terminal shows it."""
        if self.check is None:
            return self.text
        last_one = " (there is no further one)" if self.tier == self.of else ""
        return f"{self.check}, hint {self.tier} of {self.of}{last_one}: {self.text}"


class ResetSaid(Said):
    """What was put back; `task` is None for all of the lab. `backup` is the folder that holds what stood there before."""

    lab: str
    task: str | None
    backup: str


class CheckShown(Frozen):
    """A check before it is run."""

    id: str
    points: float


class TaskShown(Frozen):
    """A task; one without files is a cell of the notebook that has the task's id."""

    id: str
    title: str
    stretch: bool
    points: float
    files: tuple[str, ...]
    checks: tuple[CheckShown, ...]


class Account(Frozen):
    """The learner's own account at a service."""

    user: str
    password: str


class LabShown(Frozen):
    """A lab as it stands in the learner's folder, or a milestone in the capstone's repository."""

    id: str
    title: str
    quiz: str | None
    folder: str
    notebook: str | None
    """The notebook's whole path; a milestone has none."""
    started: bool
    """Whether the notebook, or the repository, is there."""
    services: tuple[str, ...]
    accounts: dict[str, Account]
    tasks: tuple[TaskShown, ...]


class Up(Frozen):
    """A service that is up on a backend."""

    backend: str
    service: str
    address: str


class MilestoneShown(Frozen):
    """A milestone, and the points of its last check; None when it was not checked yet."""

    id: str
    title: str
    earned: float | None
    possible: float
    passed: bool


class CapstoneShown(Frozen):
    """The capstone's repository and how far it has come; `current` is the first milestone that isn't passed."""

    folder: str
    current: str
    milestones: tuple[MilestoneShown, ...]


class BriefSaid(Said):
    """What a milestone asks for, as Markdown."""

    lab: str
    title: str
    text: str


class StatusSaid(Said):
    """Where the learner is. `lab` is None before one was started, `result` what the last check on this machine said."""

    lab: LabShown | None
    result: Result | None
    checked: dict[str, str]
    """The source of each task's cell that the result is about."""
    edited: tuple[str, ...]
    """The tasks whose files are no longer those that the result is about."""
    capstone: CapstoneShown | None
    """None before `mlops capstone init`."""
    up: tuple[Up, ...]


class ServiceShown(Frozen):
    """A service of the course; `url` is its page, where it has one and is up."""

    service: str
    title: str
    state: Literal["up", "down", "does not answer"]
    address: str
    url: str | None


class ServicesSaid(Said):
    """The services on this machine."""

    services: tuple[ServiceShown, ...]


class ModuleShown(Frozen):
    """A module as the learner stands in it; None for what was not begun."""

    module: str
    title: str
    lab: str
    earned: float | None
    best: float | None
    quiz: tuple[float, int] | None
    """Points and questions of the best finished attempt."""
    seconds: float
    solved: bool


class FindingShown(Frozen):
    """What a look of the doctor's came to; without what is `needed`, nothing works."""

    what: str
    good: bool
    needed: bool
    detail: Text


class DoctorSaid(Said):
    """What this machine, or a cluster, has of what is needed."""

    about: Literal["machine", "kubernetes"]
    findings: tuple[FindingShown, ...]


class ProgressSaid(Said):
    """All modules, what comes next, and the command that does it."""

    modules: tuple[ModuleShown, ...]
    next: str
    command: str
