"""The course and its modules."""

from __future__ import annotations

from pydantic import Field, model_validator

from grader.spec.base import Document, Part, Sentence, Slug
from grader.spec.lab import DataSpec
from grader.spec.limits import Limits


class PhaseSpec(Part):
    """A run of modules under one heading."""

    title: Sentence
    modules: tuple[Slug, ...] = Field(min_length=1)


class CourseSpec(Document):
    """`modules/course.yaml`: which modules there are, in the order in which they are taken.

    A module that is listed but has no folder yet is announced as planned.
    """

    phases: tuple[PhaseSpec, ...] = Field(min_length=1)

    @property
    def modules(self) -> tuple[str, ...]:
        """All module ids in order."""
        return tuple(module for phase in self.phases for module in phase.modules)

    @model_validator(mode="after")
    def _modules_are_listed_once(self) -> CourseSpec:
        if len(set(self.modules)) != len(self.modules):
            raise ValueError("a module is listed twice (remove one of the two)")
        return self


class ModuleSpec(Document):
    """`modules/<id>/module.yaml`."""

    summary: Sentence
    environment: Slug = Field(description="What the lessons run with.")
    services: tuple[Slug, ...] = ()
    lessons: tuple[Slug, ...] = Field(min_length=1, description="Stems of `lessons/<stem>.py`, in reading order.")
    lab: Slug | None = None
    quiz: Slug | None = None
    data: tuple[DataSpec, ...] = ()
    limits: Limits = Limits()
