"""`mlops verify`: proves through the same `grade()` that the course's own answers and faults get the verdicts they must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grader.course.tree import Lab, Sample
from grader.errors import BadInput
from grader.grading import samples
from grader.grading.grade import Place, grade
from grader.grading.submission import Submission


@dataclass(frozen=True)
class Row:
    """One sample's verdict: `problems` says where it differs from the declared one."""

    lab: str
    sample: str
    earned: float
    outcome: str
    problems: tuple[str, ...]


def verify(lab: Lab, place: Place, jobs: int, twice: bool = False, chosen: Sequence[Sample] | None = None) -> Iterator[Row]:
    """A row for the solution, the starter and every sample (or those that are `chosen`), in that order; with `twice`, each
    must score the same again."""
    wrong = lab.samples() if chosen is None else chosen
    cases = [samples.solution(lab), samples.starter(lab), *(samples.wrong(lab, s) for s in wrong)]
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="verify") as pool:
        yield from pool.map(lambda case: _row(lab, place, case[0], case[1], twice), cases)


def named(labs: Sequence[Lab], names: Sequence[str]) -> dict[str, list[Sample]]:
    """The samples of these names by the id of their lab, where it has some. Raises BadInput when none has one of them."""
    found = {lab.id: [sample for sample in lab.samples() if sample.id in names] for lab in labs}
    unknown = sorted(set(names) - {sample.id for samples in found.values() for sample in samples})
    if unknown:
        known = ", ".join(sorted(sample.id for lab in labs for sample in lab.samples()))
        raise BadInput(f"no sample is called {', '.join(unknown)}", f"they are called {known}")
    return {name: samples for name, samples in found.items() if samples}


def unkilled(lab: Lab) -> list[str]:
    """The checks that no sample is declared to fail: a check that nothing kills is no check. A carried one is killed in the
    milestone that brought it."""
    killed = {check for sample in lab.samples() for check in sample.spec.fails}
    return [check.id for check in lab.spec.checks if check.id not in killed | lab.carried]


def _row(lab: Lab, place: Place, submission: Submission, expected: samples.Expected, twice: bool) -> Row:
    result = grade(lab, submission, place)
    problems = [f"outcome {result.outcome}, not {expected.outcome}: {result.detail}"] if (
        result.ours or expected.outcome not in (None, result.outcome)
    ) else []  # fmt: skip
    problems += [
        f"{c.id} earned {c.earned:g}, not {expected.points[c.id]:g}" + (f": {c.found}" if c.found else "")
        for c in result.checks
        if c.earned != expected.points[c.id] and c.status != "unavailable"
    ]
    if twice and not problems:
        again = grade(lab, submission, place)
        before, after = ([(c.id, c.earned, c.status) for c in r.checks] for r in (result, again))
        problems += [f"graded again: {b} became {a}" for b, a in zip(before, after, strict=True) if a != b]
    left_out = sum(1 for c in result.checks if c.status == "unavailable")
    outcome = f"{result.outcome}, {left_out} checks unavailable here" if left_out else result.outcome
    return Row(lab.id, submission.path, result.earned, outcome, tuple(problems))
