"""The figures of the last run that was kept, and what grader/docs/grade-a-university.md has of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.bench.marked import between
from grader.bench.scale import capacity
from grader.bench.scale.load import quotient
from grader.bench.scale.step import Measured

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "grade-a-university.md"
BEGIN, END = "<!-- capacity: written by `python -m grader.bench.scale --keep` -->\n", "<!-- end of capacity -->\n"
STUDENTS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
KINDS = ("workers", "database", "kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager", "kwok")
KIB = 1024


@dataclass(frozen=True)
class Results:
    """What is kept: see `step.Measured` and `load.Load`."""

    at: str
    nodes: int
    lease: int
    """Seconds of a node's."""
    idle: dict[str, Any]
    """The load of the nodes alone."""
    alone: list[dict[str, Any]]
    """The queue without pods."""
    ladder: list[dict[str, Any]]
    whole: dict[str, Any]

    @classmethod
    def of(
        cls, nodes: int, lease: int, idle: dict[str, Any], alone: Sequence[Measured], ladder: Sequence[Measured], whole: Measured
    ) -> Results:  # fmt: skip
        """Of now."""
        rows = [[asdict(step) for step in steps] for steps in (alone, ladder)]
        return cls(f"{datetime.now(UTC):%Y-%m-%d %H:%M}", nodes, lease, idle, *rows, asdict(whole))


def keep(found: Results) -> None:
    """Write the figures, and the page's part anew."""
    RESULTS.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    written = between(PAGE.read_text(encoding="utf-8"), BEGIN, END, tables(kept()))
    PAGE.write_text(written, encoding="utf-8")


def kept() -> Results:
    """The last ones."""
    return Results(**json.loads(RESULTS.read_text(encoding="utf-8")))


def tables(found: Results) -> str:
    """What was measured, and what it comes to."""
    return f"{_about(found)}\n{_measured(found)}\n{_costs(found)}\n{_limit(found)}\n{_capacity(found)}"


def _about(found: Results) -> str:
    whole = found.whole
    load, size = whole["load"], whole["size"]
    seconds = load["cores"] * whole["wall"]
    return (
        f"Measured on {found.at[:10]} with {found.nodes:,} simulated nodes: {size['submissions']:,} submissions, each with one result"
        f" at the end ({len(whole['wrong'])} lost or done twice, {whole['again']} leased again). Workers, PostgreSQL and the whole control"
        f" plane shared {load['cores']} cores, of which other work of the machine took {load['cpu']['elsewhere'] / seconds:.0%} meanwhile:"
        " **rates are what was left, and no machine's best; CPU a submission hardly depends on it**.\n"
    )


def _measured(found: Results) -> str:
    head = (
        "| measured | submissions | workers x jobs | taken in a second | graded a second | ms to lease, p50 / p99 | ms until the pod runs |"
        " ms to delete it | ms to write the result | MiB of a worker |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    named = [("queue alone", step) for step in found.alone] + [("with pods", step) for step in found.ladder]
    return head + "".join(_step(what, step) for what, step in [*named, ("the last run", found.whole)])


def _step(what: str, step: dict[str, Any]) -> str:
    size = step["size"]
    took = [" / ".join(f"{ms:.0f}" for ms in step["took"].get(name, ())) for name in ("lease", "run", "delete", "complete")]
    cells = (
        what, f"{size['submissions']:,}", f"{size['workers']} x {size['jobs']}", f"{step['accepted']:g}" if step["accepted"] else "", f"{step['rate']:g}", *took,
        f"{step['load']['memory']['workers']:g}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _costs(found: Results) -> str:
    """A row a kind of process: the CPU of a submission in the last run, and what one core of it would take."""
    load, count, wall = found.whole["load"], found.whole["size"]["submissions"], found.whole["wall"]
    head = "| measured in the last run | CPU ms a submission | MiB at its end | extrapolated: submissions a second that one core takes |\n"
    rows = [head, "| --- | --- | --- | --- |\n"]
    for kind in KINDS:
        used = load["cpu"].get(kind, 0.0)
        own = used - found.idle["cpu"].get(kind, 0.0) * wall / found.idle["seconds"]
        each = used * 1000 / count
        rows.append(
            f"| {kind} | {each:.1f}, of them {max(own, 0) * 1000 / count:.1f} not at rest | {load['memory'].get(kind, 0):g} | "
        )
        rows.append(f"{1000 / each:.0f} |\n" if each else "|\n")
    calls = ", ".join(f"{number:g} {name}" for name, number in found.whole["calls"].items())
    api = load["api"]
    rows.append(
        f"\nA submission is {sum(found.whole['calls'].values()):.2f} calls of the API by its worker ({calls}), and"
        f" {api['api requests'] / count:.1f} requests in all that the API server answered meanwhile (nodes, scheduler and controllers"
        f" included). The API server took {1000 * quotient(api, 'pod create seconds', 'pod creates'):.0f} ms to create a pod,"
        f" {1000 * quotient(api, 'pod delete seconds', 'pod deletes'):.0f} ms to delete it,"
        f" {1000 * quotient(api, 'etcd seconds', 'etcd requests'):.1f} ms for a request to etcd, which held"
        f" {api['etcd bytes'] / KIB**2:.0f} MiB. PostgreSQL: {load['transactions'] / count:.1f} transactions and"
        f" {load['wal'] / KIB / count:.1f} KiB of write-ahead log a submission; taking one in costs {1000 * found.alone[0]['intake']:.0f} ms of"
        " CPU, measured with the queue alone.\n"
    )
    return "".join(rows)


def _limit(found: Results) -> str:
    """Which step was best, and who used the machine there."""
    best = max(found.ladder, key=lambda step: step["rate"])
    load, size = best["load"], best["size"]
    machine = load["cores"] * best["wall"]
    mine = {kind: used for kind, used in load["cpu"].items() if kind != "elsewhere"}
    first, second = sorted(mine, key=lambda kind: mine[kind], reverse=True)[:2]
    return (
        f"The knee was at {size['workers']} x {size['jobs']}: {best['rate']:g} a second; more workers or jobs were no faster. The machine was"
        f" {load['busy'] / machine:.0%} busy there, so CPU is the limit; of what this took, most went to {first}"
        f" ({mine[first] / sum(mine.values()):.0%}) and {second} ({mine[second] / sum(mine.values()):.0%}).\n"
    )


def _capacity(found: Results) -> str:
    whole = found.whole
    dispatch = capacity.dispatch_seconds(whole["load"]["cpu"], whole["size"]["submissions"])
    head = (
        "| given: students who hand in within the hour before the deadline | measured: CPU s to dispatch one | measured, elsewhere: CPU s to"
        " grade one | extrapolated: gradings a second | extrapolated: of the rate measured here | extrapolated: pods at once | extrapolated:"
        f" nodes of {capacity.NODE_CORES} cores, {capacity.NODE_MIB // KIB} GiB | extrapolated: cores to dispatch |"
        " extrapolated: dollars for 1,000 gradings |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(_class(students, whole["rate"], dispatch) for students in STUDENTS)


def _class(students: int, rate: float, dispatch: float) -> str:
    found = capacity.needs(students, rate, dispatch)
    cells = (
        f"{students:,}", f"{dispatch:.3f}", f"{capacity.GRADING_CORE_SECONDS:g}", f"{found.gradings:.2f}", f"{found.share:.0%}",
        f"{found.pods:,}", f"{found.nodes:,}", f"{found.dispatch_cores:.2f}", f"{capacity.dollars(dispatch):.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"
