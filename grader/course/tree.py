"""Finds the course on disk and reads its parts on demand."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.backends.protocol import Environment
from grader.course.parts import Drill, Lab, Milestone, Module, Sample
from grader.errors import BadInput, ContentError
from grader.spec.capstone import CapstoneSpec, MilestoneSpec
from grader.spec.course import CourseSpec, ModuleSpec
from grader.spec.dataset import DatasetSpec
from grader.spec.drill import DrillSpec
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec
from grader.spec.service import ServiceSpec

__all__ = ["MILESTONE", "Course", "Drill", "Lab", "Milestone", "Module", "Sample", "find_course"]

ROOT_VARIABLE = "MLOPS_COURSE"
MILESTONE = "capstone-"
"""What the ids of milestones begin with."""


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

    def environments(self) -> list[Environment]:
        """All environments, of labs and of services."""
        return [self.environment(file.parent.name) for file in sorted(self.root.glob("environments/*/environment.yaml"))]

    def service(self, name: str) -> ServiceSpec:
        """A service by its id."""
        file = self.root / "environments" / "services" / f"{name}.yaml"
        if not file.exists():
            raise _unknown("service", name, (f.stem for f in file.parent.glob("*.yaml")))
        return load(file, ServiceSpec)

    def quiz(self, name: str) -> QuizSpec:
        """A quiz by its id or its module's number; BadInput (with a suggestion) when there is none."""
        names = [file.stem for file in (self.root / "quizzes").glob("*.yaml")]
        return load(self.root / "quizzes" / f"{_match(name, names, 'quiz')}.yaml", QuizSpec)

    def services(self) -> list[ServiceSpec]:
        """All services that the course describes."""
        return [self.service(file.stem) for file in sorted(self.root.glob("environments/services/*.yaml"))]

    def dataset(self, name: str) -> tuple[DatasetSpec, Path]:
        """A dataset's spec and its folder."""
        folder = self._find(name, self.root / "labs" / "data", "dataset.yaml", "dataset")
        return load(folder / "dataset.yaml", DatasetSpec), folder

    def _find(self, name: str, parent: Path, file: str, kind: str) -> Path:
        known = [f.parent.name for f in parent.glob(f"*/{file}")]
        if kind in ("module", "lab"):
            self._refuse_planned(name, known, kind)
        return parent / _match(name, known, kind)

    def _refuse_planned(self, name: str, known: list[str], kind: str) -> None:
        """Raise BadInput for what the course will have, but hasn't yet."""
        number = f"{name:0>2}-" if name.isdigit() else name
        planned = [m for m in self.spec.modules if m not in known and m.startswith(number)]
        if name and name not in known and len(planned) == 1:
            raise BadInput(f"{kind} {planned[0]} is planned, and not written yet", f"there are {', '.join(sorted(known))}")


def _match(name: str, names: Iterable[str], kind: str) -> str:
    """The one that is so called, or has this number. Raises BadInput, with a suggestion."""
    known = sorted(names)
    matches = [n for n in known if n == name] or [n for n in known if name.isdigit() and n.startswith(f"{name:0>2}-")]
    if len(matches) != 1:
        raise _unknown(kind, name, known)
    return matches[0]


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
