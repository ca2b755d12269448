"""Every hostile submission gets exactly its declared verdict, through the same `grade()` as any other, and leaves nothing."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from grader.cli import render
from grader.course.tree import Lab
from grader.result import Result
from grader.tests.hostile.arena import Arena, Graded
from grader.tests.hostile.case import Case, all_cases

pytestmark = pytest.mark.services
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARKS = {"docker": [pytest.mark.docker], "local": [], "kubernetes": []}  # not marked: `-m kubernetes` is for minutes
ELSEWHERE = {("kubernetes", "ending/kills-parent-and-pid-1")}
"""A pod's agent can be ended from inside, and that is an end of the student's making: see test_kubernetes_sandbox.py."""
LOOT = {("kubernetes", "network/everywhere"): "eth0"}
"""A pod has an interface, whose policy lets nothing through."""
PAIRS = [
    pytest.param(on, case, id=f"{on}-{case.name}", marks=MARKS[on])
    for on in MARKS
    for case in all_cases()
    if {"kubernetes": "docker"}.get(on, on) in case.spec.backends and (on, case.name) not in ELSEWHERE
]


@pytest.mark.parametrize(("on", "case"), PAIRS)
def test_the_verdict_is_the_declared_one(
    on: str, case: Case, graded: Callable[[str, Case], Graded], arenas: Callable[[str], Arena], lab04: Lab
) -> None:
    """Outcome and the points of every check are as declared, and no process, container, file or namespace is left."""
    got = graded(on, case)
    result, spec = got.result, case.spec
    allowed = spec.outcome if isinstance(spec.outcome, tuple) else (spec.outcome,)
    problems = [] if result.outcome in allowed else [f"outcome {result.outcome}, not {spec.outcome}: {result.detail}"]
    wanted = case.points(lab04)
    problems += [
        f"{c.id} earned {c.earned:g}, not {wanted[c.id]:g}: {c.found}" for c in result.checks if c.earned != wanted[c.id]
    ]
    found = {c.id: c.found for c in result.checks}
    problems += [f"{name} found {found[name]!r}, not {text!r}" for name, text in spec.found.items() if text not in found[name]]
    if spec.detail not in result.detail:
        problems.append(f"detail {result.detail!r} lacks {spec.detail!r}")
    if got.seconds > spec.seconds:
        problems.append(f"took {got.seconds:.0f} s, more than {spec.seconds:.0f}")
    if spec.loot is not None and got.loot.strip() != LOOT.get((on, case.name), spec.loot):
        problems.append(f"it reached {got.loot!r}")
    if got.loot:
        problems += [f"it saw {one!r}" for one in arenas(on).secrets(lab04, got.variables) if one in got.loot][:20]
    assert problems + got.leftovers == []
    assert (len(result.checks), result.earned) == (len(wanted), round(sum(wanted.values()), 2))
    assert commands_in(shown(result)) == []


def shown(result: Result) -> str:
    """What a terminal gets to print of it, by `--json` (its texts, unescaped) and as a table."""
    terminal = Console(file=StringIO(), highlight=False, width=200)
    render.score(terminal, result.submission, result)
    render.feedback(terminal, result)
    texts = json.loads(result.json_line())
    return "\n".join([terminal.file.getvalue(), *_texts(texts)])  # type: ignore[attr-defined]  # a StringIO


def commands_in(text: str) -> list[str]:
    """Characters that a terminal acts on, line ends and tabs aside."""
    return sorted({hex(ord(c)) for c in text if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or c in TURNING})


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
