"""Finds the check functions of a lab."""

from __future__ import annotations

import inspect
import itertools
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from typing import TYPE_CHECKING

from grader.course.tree import Lab as LabFolder
from grader.errors import ContentError

if TYPE_CHECKING:
    from grader.checks.lab import Lab

CheckFunction = Callable[["Lab"], None]
_ATTRIBUTE = "__mlops_check__"
_numbers = itertools.count()


@dataclass(frozen=True)
class Check:
    """A check's id, the sentence it states, and the function that judges it."""

    id: str
    statement: str
    function: CheckFunction
    line: int


def check(name: str) -> Callable[[CheckFunction], CheckFunction]:
    """Mark a function as the check `name` of lab.yaml."""

    def mark(function: CheckFunction) -> CheckFunction:
        setattr(function, _ATTRIBUTE, name)
        return function

    return mark


def load(lab: LabFolder) -> dict[str, Check]:
    """The lab's checks by id: its own, and those of earlier milestones that it carries.

    Raises ContentError when a file can't be imported or differs from lab.yaml.
    """
    carried = [c for earlier in lab.earlier for c in _written(earlier) if c.id in lab.carried]
    found = [*carried, *_written(lab)]
    _compare(lab, found)
    return {check.id: check for check in found}


def _written(lab: LabFolder) -> list[Check]:
    """The check functions of a lab's own file, in its order. It may import what stands in `checks_*.py` beside it."""
    name = f"_lab_checks_{next(_numbers)}"
    spec = util.spec_from_file_location(name, lab.checks, submodule_search_locations=[str(lab.folder)])
    if spec is None or spec.loader is None or not lab.checks.exists():
        raise ContentError([f"{lab.checks}:1: this file is missing (create it)"])
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look their module up by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the author's file may raise anything at import
        problem = f"can't be imported: {type(error).__name__}: {error} (mend it)"
        raise ContentError([f"{lab.checks}:{_line_of(error, str(lab.checks))}: {problem}"]) from error
    finally:
        for loaded in [m for m in list(sys.modules) if m == name or m.startswith(f"{name}.")]:
            del sys.modules[loaded]
    return [_check(f) for f in vars(module).values() if inspect.isfunction(f) and hasattr(f, _ATTRIBUTE)]


def _line_of(error: Exception, file: str) -> int:
    """The line of the file at which its import failed."""
    if isinstance(error, SyntaxError):
        return (error.lineno if error.filename == file else None) or 1
    return next((f.lineno or 1 for f in traceback.extract_tb(error.__traceback__) if f.filename == file), 1)


def _check(function: CheckFunction) -> Check:
    statement = " ".join((inspect.getdoc(function) or "").split())
    return Check(getattr(function, _ATTRIBUTE), statement, function, inspect.getsourcelines(function)[1])


def _compare(lab: LabFolder, found: list[Check]) -> None:
    declared, written = [c.id for c in lab.spec.checks], [c.id for c in found]
    lacking = [name for name in declared if name not in written]
    problems = [f"{lab.checks}:1: no function for check {name!r} of lab.yaml (write it)" for name in lacking]
    for number, c in enumerate(found):
        if c.id not in declared:
            problems.append(f"{lab.checks}:{c.line}: check {c.id!r} is not in lab.yaml (give it a task and points there)")
        if c.id in written[:number]:
            problems.append(f"{lab.checks}:{c.line}: check {c.id!r} has two functions (keep one)")
        if not c.statement:
            where = f"{lab.checks}:{c.line}"
            problems.append(f"{where}: check {c.id!r} has no docstring (state there what must hold, for the learner)")
    if problems:
        raise ContentError(sorted(problems))
