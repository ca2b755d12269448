"""What a course is made of: each part's spec, and the files that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.spec.course import ModuleSpec
from grader.spec.drill import DrillSpec
from grader.spec.lab import LabSpec, TaskSpec
from grader.spec.loader import load
from grader.spec.sample import SampleSpec

LESSONS = "lessons"
"""The folder that holds a module's lessons, and theirs in a learner's folder of the lab."""


@dataclass(frozen=True)
class Sample:
    """A known submission of a lab."""

    id: str
    spec: SampleSpec


@dataclass(frozen=True)
class Lab:
    """A lab's spec and the folder it was read from."""

    spec: LabSpec
    folder: Path

    @property
    def id(self) -> str:
        """The lab's immutable id."""
        return self.spec.id

    @property
    def file(self) -> Path:
        """The file that declares the lab."""
        return self.folder / "lab.yaml"

    @property
    def source(self) -> Path:
        """The notebook as py:percent text, solution included."""
        return self.folder / "lab.py"

    @property
    def checks(self) -> Path:
        """The module that holds the check functions."""
        return self.folder / "checks.py"

    @property
    def work(self) -> Path:
        """The author's copy of the files that are handed in, solution included."""
        return self.folder / "work"

    @property
    def given(self) -> Path:
        """Files that every run gets as the author wrote them."""
        return self.folder / "given"

    @property
    def begins_with(self) -> tuple[Path, ...]:
        """Folders of files that the learner has from earlier work, later ones win; none for a lab that stands alone."""
        return ()

    @property
    def earlier(self) -> tuple[Milestone, ...]:
        """The milestones that this one stands on."""
        return ()

    @property
    def carried(self) -> frozenset[str]:
        """The checks that earlier milestones brought, and that are made again."""
        return frozenset()

    @property
    def content(self) -> Path:
        """The folder that holds all that the lab is made of."""
        return self.folder

    def task(self, task: str) -> TaskSpec:
        """The task with this id; KeyError when there is none."""
        return {t.id: t for t in self.spec.tasks}[task]

    def task_of(self, check: str) -> TaskSpec:
        """The task that a check belongs to; KeyError when there is none."""
        return {c.id: t for t in self.spec.tasks for c in t.checks}[check]

    def samples(self) -> list[Sample]:
        """The known-wrong submissions, by name."""
        files = sorted(self.folder.glob("samples/*/sample.yaml"))
        return [Sample(file.parent.name, load(file, SampleSpec)) for file in files]


@dataclass(frozen=True)
class Milestone(Lab):
    """A part of the capstone: a lab that begins with what the milestones before it made."""

    capstone: Path
    before: tuple[Milestone, ...]
    carried_checks: frozenset[str]

    @property
    def file(self) -> Path:
        """The file that declares the milestone."""
        return self.folder / "milestone.yaml"

    @property
    def source(self) -> Path:
        """The notebook that runs the learner's package: one for all milestones."""
        return self.capstone / "run.py"

    @property
    def work(self) -> Path:
        """The files that this milestone adds or changes, as the reference has them."""
        return self.capstone / "reference" / self.folder.name

    @property
    def begins_with(self) -> tuple[Path, ...]:
        """The template, and what each milestone before this one added."""
        return (self.capstone / "template", *(m.work for m in self.before))

    @property
    def earlier(self) -> tuple[Milestone, ...]:
        """The milestones before this one, in order."""
        return self.before

    @property
    def carried(self) -> frozenset[str]:
        """The checks that earlier milestones brought, and that are made again."""
        return self.carried_checks

    @property
    def content(self) -> Path:
        """The capstone: a milestone is made of earlier ones, too."""
        return self.capstone

    @property
    def brief(self) -> Path:
        """What the learner reads first."""
        return self.folder / "brief.md"


@dataclass(frozen=True)
class Drill:
    """A drill's spec and the folder it was read from."""

    spec: DrillSpec
    folder: Path

    @property
    def id(self) -> str:
        """The drill's immutable id."""
        return self.spec.id

    @property
    def script(self) -> Path:
        """The module that injects the fault and holds the check functions."""
        return self.folder / "drill.py"

    @property
    def given(self) -> Path:
        """Files that the learner's folder begins with."""
        return self.folder / "given"


@dataclass(frozen=True)
class Module:
    """A module's spec and folder."""

    spec: ModuleSpec
    folder: Path

    def lesson(self, stem: str) -> Path:
        """The py:percent file of one lesson."""
        return self.folder / LESSONS / f"{stem}.py"
