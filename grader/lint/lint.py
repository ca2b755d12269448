"""Proves the rules of the content tree. Each breach is one line: `path:line: message (fix)`."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.course.tree import Course, Lab, Module
from grader.drills.script import load as load_script
from grader.errors import ContentError, CourseError
from grader.lint import labs
from grader.notebook import source
from grader.spec.base import Document
from grader.spec.course import ModuleSpec
from grader.spec.dataset import DatasetSpec
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec
from grader.spec.service import ServiceSpec

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
DRILL_FILES = {"drill.yaml", "drill.py"}
Lookup = tuple[str, Callable[[str], object], str]
"""A key of the file, what finds the thing that it names, and the name."""
Rule = Callable[[Course], Iterator[str]]


def lint(course: Course) -> list[str]:
    """All breaches, sorted; paths relative to the course's root."""
    found = sorted(set(itertools.chain.from_iterable(_guarded(rule, course) for rule in RULES)))
    return [problem.replace(f"{course.root}/", "") for problem in found]


def _guarded(rule: Rule, course: Course) -> Iterator[str]:
    """A rule's breaches; a file that can't even be read is a breach itself."""
    try:
        yield from rule(course)
    except ContentError as error:
        yield from error.problems
    except CourseError as error:
        yield f"{course.root / 'modules' / 'course.yaml'}:1: {error}"


def _each_lab(rule: Callable[[Course, Lab], Iterator[str]]) -> Rule:
    def apply(course: Course) -> Iterator[str]:
        for folder in sorted((course.root / "labs").glob("*/lab.yaml")):
            yield from _guarded(functools.partial(_of_lab, rule, folder.parent.name), course)

    return apply


def _each_milestone(rule: Callable[[Course, Lab], Iterator[str]]) -> Rule:
    def apply(course: Course) -> Iterator[str]:
        for milestone in course.milestones():
            yield from _guarded(functools.partial(_of_lab, rule, milestone.id), course)

    return apply


def _each_module(rule: Callable[[Course, Module], Iterator[str]]) -> Rule:
    def apply(course: Course) -> Iterator[str]:
        for folder in sorted((course.root / "modules").glob("*/module.yaml")):
            yield from _guarded(functools.partial(_of_module, rule, folder.parent.name), course)

    return apply


def _of_lab(rule: Callable[[Course, Lab], Iterator[str]], name: str, course: Course) -> Iterator[str]:
    yield from rule(course, course.lab(name))


def _of_module(rule: Callable[[Course, Module], Iterator[str]], name: str, course: Course) -> Iterator[str]:
    yield from rule(course, course.module(name))


def _names_match_folders(course: Course) -> Iterator[str]:
    kinds: list[tuple[str, type[Document]]] = [
        ("labs/*/lab.yaml", LabSpec), ("modules/*/module.yaml", ModuleSpec), ("labs/data/*/dataset.yaml", DatasetSpec),
        ("environments/*/environment.yaml", EnvironmentSpec), ("environments/services/*.yaml", ServiceSpec),
        ("quizzes/*.yaml", QuizSpec),
    ]  # fmt: skip
    for pattern, spec in kinds:
        for file in sorted(course.root.glob(pattern)):
            name, place = load(file, spec).id, file.stem if "*.yaml" in pattern else file.parent.name
            if name != place:
                yield f"{file}:{labs.line_of(file, 'id:')}: id {name!r} differs from its place {place!r} (rename one)"
    for found in (course.root / "modules").glob("*/module.yaml"):
        if found.parent.name not in course.spec.modules:
            yield f"{found}:1: module is not in modules/course.yaml (list it under a phase)"


def _references_exist(course: Course, lab: Lab) -> Iterator[str]:
    yield from _lookups(lab.file, [("module", course.module, lab.spec.module), *_needs(course, lab.spec)])


def _module_references_exist(course: Course, module: Module) -> Iterator[str]:
    own: list[Lookup] = [("lab", course.lab, module.spec.lab)] if module.spec.lab else []
    yield from _lookups(module.folder / "module.yaml", [*own, *_needs(course, module.spec)])


def _service_references_exist(course: Course) -> Iterator[str]:
    for service in course.services():
        file = course.root / "environments" / "services" / f"{service.id}.yaml"
        needs: list[Lookup] = [("needs", course.service, need) for need in service.needs]
        yield from _lookups(file, [("environment", course.environment, service.environment), *needs])


def _needs(course: Course, spec: LabSpec | ModuleSpec) -> list[Lookup]:
    return [
        ("environment", course.environment, spec.environment),
        *(("services", course.service, service) for service in spec.services),
        *(("data", course.dataset, given.dataset) for given in spec.data),
    ]


def _lookups(file: Path, lookups: list[Lookup]) -> Iterator[str]:
    for key, look, name in lookups:
        try:
            look(name)
        except ContentError as error:
            yield from error.problems
        except CourseError as error:
            yield f"{file}:{labs.line_of(file, f'{key}:')}: {error}"


def _environments_are_locked(course: Course) -> Iterator[str]:
    for file in sorted(course.root.glob("environments/*/environment.yaml")):
        course.environment(file.parent.name)
        for name in ("pyproject.toml", "uv.lock"):
            if not (file.parent / name).exists():
                yield f"{file}:1: {name} is missing beside it (uv lock --project {file.parent.name})"


def _drills_fit(course: Course) -> Iterator[str]:
    for folder in sorted(file.parent for file in (course.root / "labs" / "drills").glob("*/drill.yaml")):
        yield from _guarded(functools.partial(_of_drill, folder.name), course)


def _of_drill(name: str, course: Course) -> Iterator[str]:
    drill = course.drill(name)
    file = drill.folder / "drill.yaml"
    if drill.id != name:
        yield f"{file}:{labs.line_of(file, 'id:')}: id {drill.id!r} differs from its place {name!r} (rename one)"
    environments: list[Lookup] = [("environments", course.environment, own) for own in drill.spec.environments]
    yield from _lookups(file, [*environments, *(("services", course.service, own) for own in drill.spec.services)])
    load_script(drill)
    script = drill.script.read_text(encoding="utf-8")
    for path in sorted(path for path in drill.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        top = path.relative_to(drill.folder).parts[0]
        if top not in (*DRILL_FILES, drill.given.name) and f'"{top}"' not in script:
            yield f"{path}:1: nothing uses this file (remove it, put it into given/, or name {top!r} in drill.py)"


def _lessons_fit(course: Course, module: Module) -> Iterator[str]:
    listed = set(module.spec.lessons)
    for file in sorted((module.folder / "lessons").glob("*.py")):
        if file.stem not in listed:
            yield f"{file}:1: this lesson is not in module.yaml (list it under lessons)"
    for stem in module.spec.lessons:
        source.read(module.lesson(stem))
    if module.spec.quiz:
        yield from _quiz_fits(course, module, course.root / "quizzes" / f"{module.spec.quiz}.yaml")


def _quiz_fits(_: Course, module: Module, file: Path) -> Iterator[str]:
    quiz = load(file, QuizSpec)
    cells = {stem: {cell["id"] for cell in source.read(module.lesson(stem)).cells} for stem in module.spec.lessons}
    for question in quiz.questions:
        lesson, cell = question.cell.split("#")
        if cell not in cells.get(lesson, set()):
            line = labs.line_of(file, question.id)
            yield f"{file}:{line}: question {question.id!r} links to no lesson cell {question.cell!r} (mend the link)"


def _links_lead_somewhere(course: Course) -> Iterator[str]:
    texts = [f for pattern in ("*.md", "grader/docs/**/*.md", "cheatsheets/*.md", "modules/*/lessons/*.py", "labs/*/lab.py")
             for f in course.root.glob(pattern)]  # fmt: skip
    for file in texts:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for link in _LINK.findall(line):
                if not (file.parent / link).exists():
                    yield f"{file}:{number}: link to {link!r} leads nowhere (mend or remove it)"


RULES: tuple[Rule, ...] = (
    _names_match_folders,
    _service_references_exist,
    _environments_are_locked,
    _links_lead_somewhere,
    _drills_fit,
    *map(_each_lab, (_references_exist, *labs.OF_LABS)),
    *map(_each_milestone, (_references_exist, *labs.OF_MILESTONES)),
    *map(_each_module, (_module_references_exist, _lessons_fit)),
)
