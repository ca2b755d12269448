"""Finds the course on disk and reads its parts on demand."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.backends.protocol import Environment
from grader.errors import BadInput, ContentError
from grader.spec.capstone import CapstoneSpec, MilestoneSpec
from grader.spec.course import CourseSpec, ModuleSpec
from grader.spec.dataset import DatasetSpec
from grader.spec.drill import DrillSpec
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec, TaskSpec
from grader.spec.loader import load
from grader.spec.sample import SampleSpec
from grader.spec.service import ServiceSpec

ROOT_VARIABLE = "MLOPS_COURSE"
MILESTONE = "capstone-"
"""What the ids of milestones begin with."""


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
        return self.folder / "lessons" / f"{stem}.py"


@dataclass(frozen=True)
class Course:
    """The content below `root`."""

    root: Path

    @functools.cached_property
    def spec(self) -> CourseSpec:
        """The list of modules."""
        return load(self.root / "modules" / "course.yaml", CourseSpec)

    def modules(self) -> list[Module]:
        """The modules that exist on disk, in the course's order."""
        folders = [self.root / "modules" / module for module in self.spec.modules]
        return [Module(load(f / "module.yaml", ModuleSpec), f) for f in folders if (f / "module.yaml").exists()]

    def module(self, name: str) -> Module:
        """A module by its id or its number; BadInput (with a suggestion) when there is none."""
        folder = self._find(name, self.root / "modules", "module.yaml", "module")
        return Module(load(folder / "module.yaml", ModuleSpec), folder)

    def labs(self) -> list[Lab]:
        """All labs, by id."""
        return [self.lab(file.parent.name) for file in sorted((self.root / "labs").glob("*/lab.yaml"))]

    def lab(self, name: str) -> Lab:
        """A lab by its id or its number, or a milestone by its id; BadInput (with a suggestion) when there is none."""
        if name.startswith(MILESTONE):
            return self.milestone(name)
        folder = self._find(name, self.root / "labs", "lab.yaml", "lab")
        return Lab(load(folder / "lab.yaml", LabSpec), folder)

    def milestones(self) -> list[Milestone]:
        """The capstone's milestones that exist on disk, in the order in which the repository grows."""
        capstone, found = self.root / "capstone", list[Milestone]()
        if not (capstone / "capstone.yaml").exists():
            return []
        for name in load(capstone / "capstone.yaml", CapstoneSpec).milestones:
            file = capstone / "milestones" / name / "milestone.yaml"
            if file.exists():
                spec = load(file, MilestoneSpec)
                try:
                    whole = spec.with_carried({m.id: m.spec for m in found})
                except KeyError as missing:
                    raise ContentError([f"{file}:1: carries {missing}, which no earlier milestone has (mend it)"]) from None
                found.append(Milestone(whole, file.parent, capstone, tuple(found), spec.carried_checks))
        return found

    def milestone(self, name: str) -> Milestone:
        """A milestone by its id (`capstone-04`), its number or its folder's name; BadInput when there is none."""
        places = self.root / "capstone" / "milestones"
        folder = self._find(name.removeprefix(MILESTONE), places, "milestone.yaml", "milestone")
        known = {m.folder: m for m in self.milestones()}
        if folder not in known:
            raise ContentError([f"{folder / 'milestone.yaml'}:1: not in capstone/capstone.yaml (list it there)"])
        return known[folder]

    def drills(self) -> list[Drill]:
        """All drills, by id."""
        return [self.drill(file.parent.name) for file in sorted((self.root / "labs" / "drills").glob("*/drill.yaml"))]

    def drill(self, name: str) -> Drill:
        """A drill by its id; BadInput (with a suggestion) when there is none."""
        folder = self._find(name, self.root / "labs" / "drills", "drill.yaml", "drill")
        return Drill(load(folder / "drill.yaml", DrillSpec), folder)

    def environment(self, name: str) -> Environment:
        """An environment by its id."""
        folder = self._find(name, self.root / "environments", "environment.yaml", "environment")
        return Environment(load(folder / "environment.yaml", EnvironmentSpec), folder)

    def service(self, name: str) -> ServiceSpec:
        """A service by its id."""
        file = self.root / "environments" / "services" / f"{name}.yaml"
        if not file.exists():
            raise _unknown("service", name, (f.stem for f in file.parent.glob("*.yaml")))
        return load(file, ServiceSpec)

    def services(self) -> list[ServiceSpec]:
        """All services that the course describes."""
        return [self.service(file.stem) for file in sorted(self.root.glob("environments/services/*.yaml"))]

    def dataset(self, name: str) -> tuple[DatasetSpec, Path]:
        """A dataset's spec and its folder."""
        folder = self._find(name, self.root / "labs" / "data", "dataset.yaml", "dataset")
        return load(folder / "dataset.yaml", DatasetSpec), folder

    def _find(self, name: str, parent: Path, file: str, kind: str) -> Path:
        names = sorted(f.parent.name for f in parent.glob(f"*/{file}"))
        matches = [n for n in names if n == name] or [n for n in names if name.isdigit() and n.startswith(f"{name:0>2}-")]
        if len(matches) != 1:
            raise _unknown(kind, name, names)
        return parent / matches[0]


def _unknown(kind: str, name: str, names: Iterable[str]) -> BadInput:
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known) or 'none'}"
    return BadInput(f"there is no {kind} {name!r}", hint)


def find_course(start: Path | None = None) -> Course:
    """The course that `MLOPS_COURSE` names, else the one around `start` (the current folder), else our own checkout.

    Raises BadInput when none of them holds `modules/course.yaml`.
    """
    named = os.environ.get(ROOT_VARIABLE)
    here = (start or Path.cwd()).resolve()
    checkout = Path(__file__).resolve().parents[2]
    places = [Path(named)] if named else [here, *here.parents, checkout]
    for place in places:
        if (place / "modules" / "course.yaml").exists():
            return Course(place)
    raise BadInput(
        f"no course found in {named or f'{here} or above it'}",
        f"run this inside a checkout of the course, or set {ROOT_VARIABLE} to one",
    )
