"""A drill: a live fault to triage, mend and verify; and its entry in the troubleshooting matrix."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from grader.spec.base import Document, Part, Sentence, Slug

DrillId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]
"""A slug that is short enough to be part of a namespace's name."""


Link = Annotated[str, StringConstraints(pattern=r"^https://\S+$")]


class Category(StrEnum):
    """The chapters of the matrix, in their order."""

    mlflow = "MLflow"
    dvc = "DVC"
    training = "Training"
    environment = "Environment"
    api = "API"
    kubernetes = "Kubernetes"
    monitoring = "Monitoring"
    security = "Security"


class SymptomSpec(Part):
    """What shows the fault: a command in the drill's folder, and a text that it then prints."""

    run: Sentence
    see: Sentence


class TriageSpec(Part):
    """One step of the way to the cause."""

    run: Sentence
    see: Sentence = Field(description="A text that the command prints.")
    means: Sentence = Field(description="What whoever sees it knows now.")


class FixSpec(Part):
    """One step of the cure."""

    run: Sentence
    does: Sentence


class WrongFixSpec(Part):
    """A cure that a tired person tries, and that must not pass."""

    id: Slug
    run: Sentence
    why: Sentence = Field(description="What is wrong with it.")
    fails: tuple[Slug, ...] = Field(min_length=1, description="The checks that fail after it: these, and no others.")
    lasting: bool = Field(False, description="Whether it destroys what the right fix needs, so that the drill starts anew.")


class DrillSpec(Document):
    """`labs/drills/<id>/drill.yaml`. How the fault is injected, and what verifies the cure, is in `drill.py` beside it."""

    id: DrillId
    category: Category
    minutes: int = Field(gt=0, description="Time that someone takes who knows the tool and not this fault.")
    environments: tuple[Slug, ...] = Field(min_length=1, description="Whose commands are on PATH; `python` is the first's.")
    services: tuple[Slug, ...] = ()
    operator: bool = Field(False, description="Whether the folder holds a key that may do anything with the drill's bucket.")
    page: Sentence = Field(description="What reaches the person on call. `$name` is a fact that `inject` found.")
    symptom: SymptomSpec
    triage: tuple[TriageSpec, ...] = Field(min_length=2)
    causes: tuple[Sentence, ...] = Field(min_length=2, description="Root causes of the symptom, the likeliest first.")
    fix: tuple[FixSpec, ...] = Field(min_length=1)
    wrong: tuple[WrongFixSpec, ...] = Field(min_length=1)
    prevention: tuple[Sentence, ...] = Field(min_length=1)
    sources: tuple[Link, ...] = Field(min_length=1, description="Where the tools' own documentation says what is used here.")

    @model_validator(mode="after")
    def _wrong_fixes_are_told_apart(self) -> DrillSpec:
        names = [fix.id for fix in self.wrong]
        if len(set(names)) != len(names):
            raise ValueError("two wrong fixes have one id (give each an id of its own)")
        return self

    @model_validator(mode="after")
    def _the_operator_has_a_bucket(self) -> DrillSpec:
        if self.operator and "s3" not in self.services:
            raise ValueError("an operator's key needs a bucket (add s3 to the services)")
        return self
