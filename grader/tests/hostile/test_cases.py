"""Every hostile submission gets exactly its declared verdict, through the same `grade()` as any other, and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.course.tree import Lab
from grader.tests.hostile.arena import Graded
from grader.tests.hostile.case import Case, all_cases

pytestmark = pytest.mark.services
MARKS = {"docker": [pytest.mark.docker], "local": []}
PAIRS = [
    pytest.param(on, case, id=f"{on}-{case.name}", marks=MARKS[on])
    for on in ("docker", "local")
    for case in all_cases()
    if on in case.spec.backends
]


@pytest.mark.parametrize(("on", "case"), PAIRS)
def test_the_verdict_is_the_declared_one(
    on: str, case: Case, graded: Callable[[str, Case], Graded], lab04: Lab
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
    assert problems + got.leftovers == []
    assert (len(result.checks), result.earned) == (len(wanted), round(sum(wanted.values()), 2))
