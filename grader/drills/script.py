"""A drill's own module: the function that injects its fault, and the checks that verify a cure."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.course.tree import Drill as DrillFolder
from grader.errors import ContentError

if TYPE_CHECKING:
    from grader.drills.drill import Drill

Step = Callable[["Drill"], None]
_ATTRIBUTE = "__mlops_drill_check__"


@dataclass(frozen=True)
class Check:
    """One thing that must hold again; `statement` is its function's docstring."""

    id: str
    statement: str
    function: Step


@dataclass(frozen=True)
class Script:
    """What `drill.py` defines."""

    inject: Step
    checks: tuple[Check, ...]


def check(name: str) -> Callable[[Step], Step]:
    """Mark a function as the check of this id. Checks are put in the order of the file."""

    def mark(function: Step) -> Step:
        setattr(function, _ATTRIBUTE, name)
        return function

    return mark


def load(drill: DrillFolder) -> Script:
    """Import the module. Raises ContentError when it can't be, lacks a part, or the wrong fixes name other checks."""
    spec = importlib.util.spec_from_file_location(f"_drill_{drill.id.replace('-', '_')}", drill.script)
    if spec is None or spec.loader is None or not drill.script.exists():
        raise ContentError([f"{drill.script}:1: this file is missing (create it)"])
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # an author's file may raise anything at import
        raise ContentError([f"{drill.script}:1: can't be imported: {type(error).__name__}: {error} (mend it)"]) from error
    marked = [f for f in vars(module).values() if inspect.isfunction(f) and hasattr(f, _ATTRIBUTE)]
    checks = tuple(Check(getattr(f, _ATTRIBUTE), " ".join((f.__doc__ or "").split()), f) for f in marked)
    _hold_together(drill, checks, getattr(module, "inject", None))
    return Script(module.inject, checks)


def _hold_together(drill: DrillFolder, checks: tuple[Check, ...], inject: object) -> None:
    names = [c.id for c in checks]
    problems = [] if callable(inject) else ["no function `inject` (write it: it breaks what the learner mends)"]
    problems += [] if checks else ["no function is marked @check (state what must hold again)"]
    problems += [f"check {name!r} has two functions (keep one)" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += [f"check {c.id!r} has no docstring (say there what must hold)" for c in checks if not c.statement]
    wrong = [(fix.id, name) for fix in drill.spec.wrong for name in fix.fails if name not in names]
    problems += [f"wrong fix {fix!r} fails {name!r}, which is no check here (known: {', '.join(names)})" for fix, name in wrong]
    if problems:
        raise ContentError([f"{drill.script}:1: {problem}" for problem in problems])
