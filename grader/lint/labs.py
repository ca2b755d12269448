"""What must hold of a lab or a milestone: notebook, work, checks, samples, and no file that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.checks.registry import load as load_checks
from grader.course.tree import MILESTONE, Course, Lab
from grader.errors import ContentError
from grader.grading import samples
from grader.notebook import source
from grader.spec.lab import CheckSpec
from grader.work import author
from grader.work.selection import Selection

WORK_FOLDERS = ("work", "given")
LAB_FILES = {"lab.yaml", "lab.py", "checks.py", "examiner.py"}
MILESTONE_FILES = {"milestone.yaml", "brief.md", "checks.py", "examiner.py"}
MIN_HINTS = 3
"""Tiers that are there to be asked for, whatever a check has found."""
ALIKE = 0.6
"""A hint of whose words so many stand in another text says the same."""
WORD = re.compile(r"\w{4,}")
TELLING = 30
"""A source line that is longer stands nowhere by chance."""


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
        yield f"{lab.source}:{line_of(lab.source, task)}: cell for unknown task {task!r} (declare it in lab.yaml)"
    for task, cell in cells.items():
        if not 0 < cell.source.count(source.BEGIN) == cell.source.count(source.END):
            line = line_of(lab.source, f'task="{task}"')
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
            yield f"{file}:{line_of(file, 'work:')}: the solution's {name} is not handed in (add it to `work: files:`)"
    for name in sorted(set(author.given(lab)) | {given.file for given in lab.spec.data}):
        if selection.takes(name):
            yield f"{file}:{line_of(file, 'work:')}: {name} is the author's and would be handed in (narrow `work: files:`)"
    for task in lab.spec.tasks:
        for name in task.files:
            if name not in files:
                yield f"{file}:{line_of(file, name)}: task {task.id!r} names {name}, which work/ lacks (add or remove it)"
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
        if check.id not in lab.carried:
            yield from (f"{lab.file}:{line_of(lab.file, f'id: {check.id}')}: {said}" for said in _hints_lead_on(check))


def _hints_lead_on(check: CheckSpec) -> Iterator[str]:
    """What is wrong with a check's hints. The first text that fits is said by the failing check itself, as `next`."""
    hints = check.hints_for("")[1:]
    if len(hints) < MIN_HINTS:
        yield f"check {check.id!r} has {len(hints)} hints beyond what it says itself (write {MIN_HINTS} tiers after the first)"
    for text in (hint if isinstance(hint, str) else hint.text for hint in check.hints):
        if hints and text == hints[0]:
            return
        if hints and _alike(hints[0], text):
            yield f"check {check.id!r}: the first hint repeats {text[:40]!r} (say something that the check has not said yet)"


def _alike(hint: str, text: str) -> bool:
    """Whether most words of the hint stand in the text."""
    words, others = ({word.lower() for word in WORD.findall(one)} for one in (hint, text))
    return len(words & others) > ALIKE * len(words)


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
                yield f"{where}:{line_of(where, name)}: no check is called {name!r} (see lab.yaml)"
            elif earned >= points[name]:
                yield f"{where}:{line_of(where, name)}: {name!r} earns full marks there (declare fewer, or leave it out)"
    for name in points:
        if name not in alone | lab.carried:
            line = line_of(file, name)
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
        yield f"{lab.file}:{line_of(lab.file, 'id:')}: id {lab.id!r} differs from its place {lab.folder.name!r} (rename one)"
    if not (lab.folder / "brief.md").exists():
        yield f"{lab.folder / 'brief.md'}:1: this file is missing (create it)"
    for path in sorted(lab.folder.rglob("*")):
        inside = path.relative_to(lab.folder)
        known = inside.as_posix() in MILESTONE_FILES or inside.match("samples/*/sample.yaml")
        if path.is_file() and "__pycache__" not in inside.parts and not known:
            yield f"{path}:1: nothing uses this file (remove it)"


def line_of(file: Path, text: str) -> int:
    """The first line of the file that holds the text; 1 where none does."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


OF_LABS = (_notebook_fits, _work_fits, _warm_up_holds_no_answer, _checks_fit, _samples_fit, _no_file_is_unused)
OF_MILESTONES = (_milestone_is_in_its_place, _work_fits, _checks_fit, _samples_fit)
