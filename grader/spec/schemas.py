"""The JSON Schemas of all content files, so that an editor completes and checks them while an author types."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from grader.spec.capstone import CapstoneSpec, MilestoneSpec
from grader.spec.course import CourseSpec, ModuleSpec
from grader.spec.dataset import DatasetSpec
from grader.spec.drill import DrillSpec
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec
from grader.spec.quiz import QuizSpec
from grader.spec.sample import SampleSpec
from grader.spec.service import ServiceSpec

SPECS: dict[str, type[BaseModel]] = {
    "course": CourseSpec,
    "module": ModuleSpec,
    "lab": LabSpec,
    "sample": SampleSpec,
    "quiz": QuizSpec,
    "environment": EnvironmentSpec,
    "service": ServiceSpec,
    "dataset": DatasetSpec,
    "drill": DrillSpec,
    "capstone": CapstoneSpec,
    "milestone": MilestoneSpec,
}


def schemas() -> dict[str, str]:
    """The schema of each kind of file, as JSON text."""
    return {name: json.dumps(spec.model_json_schema(by_alias=True), indent=1) + "\n" for name, spec in SPECS.items()}


def export(folder: Path) -> list[Path]:
    """Write one `<kind>.json` each; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, text in schemas().items():
        file = folder / f"{name}.json"
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files
