"""Proves the rules of the content tree. Each breach is one line: `path:line: message (fix)`."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.checks.registry import load as load_checks
from grader.course.tree import MILESTONE, Course, Lab, Module
from grader.errors import ContentError, CourseError
from grader.grading import samples
from grader.notebook import source
from grader.spec.base import Document
from grader.spec.course import ModuleSpec
from grader.spec.dataset import DatasetSpec
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec
from grader.spec.service import ServiceSpec
from grader.work import author
from grader.work.selection import Selection

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
WORK_FOLDERS = ("work", "given")
LAB_FILES = {"lab.yaml", "lab.py", "checks.py", "examiner.py"}
MILESTONE_FILES = {"milestone.yaml", "brief.md", "checks.py", "examiner.py"}
MIN_HINTS = 3
TELLING = 30
"""A source line that is longer stands nowhere by chance."""
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
                yield f"{file}:{_line(file, 'id:')}: id {name!r} differs from its place {place!r} (rename one)"
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
            yield f"{file}:{_line(file, f'{key}:')}: {error}"


def _environments_are_locked(course: Course) -> Iterator[str]:
    for file in sorted(course.root.glob("environments/*/environment.yaml")):
        course.environment(file.parent.name)
        for name in ("pyproject.toml", "uv.lock"):
            if not (file.parent / name).exists():
                yield f"{file}:1: {name} is missing beside it (uv lock --project {file.parent.name})"


def _notebook_fits(_: Course, lab: Lab) -> Iterator[str]:
    notebook = source.read(lab.source)
    cells = source.task_cells(notebook)
    described = {cell.metadata.get("describes") for cell in notebook.cells}
    tasks = {task.id for task in lab.spec.tasks}
    for task in sorted(tasks - set(cells) - {task.id for task in lab.spec.tasks if task.files}):
        yield f'{lab.source}:1: no cell for task {task!r} (mark one with `# %% task="{task}"`)'
    for task in sorted(tasks - described):
        yield f'{lab.source}:1: no text for task {task!r} (mark its markdown cell with `describes="{task}"`)'
    for task in sorted(described - tasks - {None}):
        yield f"{lab.source}:{source.line_of(lab.source, task)}: text for unknown task {task!r} (declare it in lab.yaml)"
    for task in sorted(set(cells) - tasks):
        yield f"{lab.source}:{_line(lab.source, task)}: cell for unknown task {task!r} (declare it in lab.yaml)"
    for task, cell in cells.items():
        if not 0 < cell.source.count(source.BEGIN) == cell.source.count(source.END):
            line = _line(lab.source, f'task="{task}"')
            yield f"{lab.source}:{line}: cell {task!r} needs a solution region (`{source.BEGIN}` … `{source.END}`)"


def _work_fits(_: Course, lab: Lab) -> Iterator[str]:
    file, spec = lab.file, lab.spec.work
    files = author.solution(lab)
    if spec is None:
        for name in (*files, *(name for task in lab.spec.tasks for name in task.files)):
            yield f"{file}:1: {name} can't be handed in (declare `work:`)"
        return
    selection = Selection(spec)
    for name in files:
        if not selection.takes(name):
            yield f"{file}:{_line(file, 'work:')}: the solution's {name} is not handed in (add it to `work: files:`)"
    for name in sorted(set(author.given(lab)) | {given.file for given in lab.spec.data}):
        if selection.takes(name):
            yield f"{file}:{_line(file, 'work:')}: {name} is the author's and would be handed in (narrow `work: files:`)"
    for task in lab.spec.tasks:
        for name in task.files:
            if name not in files:
                yield f"{file}:{_line(file, name)}: task {task.id!r} names {name}, which work/ lacks (add or remove it)"
    if files == author.starter(lab):
        yield f"{file}:1: the starter is the solution (mark the answers with `{source.BEGIN}` … `{source.END}`)"


def _warm_up_holds_no_answer(course: Course, lab: Lab) -> Iterator[str]:
    """What warms a sandbox up can be found in it: no line of an answer may stand there."""
    warm_up = course.root / "environments" / lab.spec.environment / "warm_up.py"
    if not warm_up.exists():
        return
    texts = [lab.source.read_text(encoding="utf-8"), *(content.decode(errors="replace") for content in _work(lab).values())]
    answers = {line for text in texts for line in source.answer_lines(text) if len(line) > TELLING}
    for number, line in enumerate(warm_up.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() in answers:
            yield f"{warm_up}:{number}: this line stands in an answer of lab {lab.id} (word it differently)"


def _work(lab: Lab) -> dict[str, bytes]:
    files = sorted(file for file in lab.work.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in files}


def _checks_fit(_: Course, lab: Lab) -> Iterator[str]:
    load_checks(lab)
    for check in lab.spec.checks:
        if len(check.hints) < MIN_HINTS:
            file = lab.file
            yield f"{file}:{_line(file, check.id)}: check {check.id!r} has {len(check.hints)} hints (write {MIN_HINTS} tiers)"


def _samples_fit(_: Course, lab: Lab) -> Iterator[str]:
    file = lab.file
    points = {check.id: check.points for check in lab.spec.checks}
    alone: set[str] = set()
    for sample in lab.samples():
        where = lab.folder / "samples" / sample.id / "sample.yaml"
        alone |= set(sample.spec.fails) if len(sample.spec.fails) == 1 else set()
        try:
            samples.wrong(lab, sample)
        except ContentError as error:
            yield from error.problems
        for name, earned in sample.spec.fails.items():
            if name not in points:
                yield f"{where}:{_line(where, name)}: no check is called {name!r} (see lab.yaml)"
            elif earned >= points[name]:
                yield f"{where}:{_line(where, name)}: {name!r} earns full marks there (declare fewer, or leave it out)"
    for name in points:
        if name not in alone | lab.carried:
            line = _line(file, name)
            yield f"{file}:{line}: no sample fails check {name!r} alone (make one: what only others notice is no check)"


def _no_file_is_unused(_: Course, lab: Lab) -> Iterator[str]:
    for path in sorted(lab.folder.rglob("*")):
        inside = path.relative_to(lab.folder)
        if path.is_dir() or "__pycache__" in inside.parts:
            continue
        known = inside.as_posix() in LAB_FILES or inside.match("samples/*/sample.yaml") or inside.parts[0] in WORK_FOLDERS
        known = known or _is_part_of_checks(lab, inside)
        if not known:
            yield f"{path}:1: nothing uses this file (remove it, or name it in lab.yaml)"


def _is_part_of_checks(lab: Lab, inside: Path) -> bool:
    """Whether `checks.py`, grown too long for one file, imports this one beside it."""
    return inside.match("checks_*.py") and f"from .{inside.stem} import " in lab.checks.read_text(encoding="utf-8")


def _milestone_is_in_its_place(_: Course, lab: Lab) -> Iterator[str]:
    if lab.id != f"{MILESTONE}{lab.folder.name[:2]}":
        yield f"{lab.file}:{_line(lab.file, 'id:')}: id {lab.id!r} differs from its place {lab.folder.name!r} (rename one)"
    if not (lab.folder / "brief.md").exists():
        yield f"{lab.folder / 'brief.md'}:1: this file is missing (create it)"
    for path in sorted(lab.folder.rglob("*")):
        inside = path.relative_to(lab.folder)
        known = inside.as_posix() in MILESTONE_FILES or inside.match("samples/*/sample.yaml")
        if path.is_file() and "__pycache__" not in inside.parts and not known:
            yield f"{path}:1: nothing uses this file (remove it)"


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
            line = _line(file, question.id)
            yield f"{file}:{line}: question {question.id!r} links to no lesson cell {question.cell!r} (mend the link)"


def _links_lead_somewhere(course: Course) -> Iterator[str]:
    texts = [f for pattern in ("*.md", "grader/docs/**/*.md", "cheatsheets/*.md", "modules/*/lessons/*.py", "labs/*/lab.py")
             for f in course.root.glob(pattern)]  # fmt: skip
    for file in texts:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for link in _LINK.findall(line):
                if not (file.parent / link).exists():
                    yield f"{file}:{number}: link to {link!r} leads nowhere (mend or remove it)"


def _line(file: Path, text: str) -> int:
    """The first line of the file that holds the text; 1 where none does."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


RULES: tuple[Rule, ...] = (
    _names_match_folders,
    _service_references_exist,
    _environments_are_locked,
    _links_lead_somewhere,
    *map(_each_lab, (_references_exist, _notebook_fits, _work_fits, _warm_up_holds_no_answer)),
    *map(_each_lab, (_checks_fit, _samples_fit, _no_file_is_unused)),
    *map(_each_milestone, (_milestone_is_in_its_place, _references_exist, _work_fits, _checks_fit, _samples_fit)),
    *map(_each_module, (_module_references_exist, _lessons_fit)),
)
