"""The figures that were kept, and the page of the docs that is made from them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.bench.scale.batch import Measured

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"
HOUR = 3600
STUDENTS = (30, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
GRADING_CORE_SECONDS = 0.85
"""Of one grading on docker: grader/bench/README.md, "Last figures", 2026-11-26: 2.76 times the floor of 0.309 s."""
POD_SECONDS, POD_MIB = 5.0, 1500
"""How long a pod is assumed to live, start and end included, and the memory that lab 04 sets aside for it."""
NODE_CORES, NODE_MIB, USED = 8, 32 * 1024, 0.7
"""A node, and the share of it that is assumed to be of use."""
CORE_HOUR_DOLLARS = 0.05
"""Assumed: about what clouds ask for a core of a general machine with 4 GiB, on demand."""


@dataclass(frozen=True)
class Results:
    """What is kept."""

    at: str
    cores: int
    load: float
    """Of the machine in the five minutes before the end: other work ran, too, where it is above the cores."""
    nodes: int
    alone: list[dict[str, Any]]
    """The queue without pods."""
    knee: list[dict[str, Any]]
    whole: dict[str, Any]

    @classmethod
    def of(cls, nodes: int, alone: Sequence[Measured], knee: Sequence[Measured], whole: Measured) -> Results:
        """Of this moment and machine."""
        rows = [[asdict(run) for run in runs] for runs in (alone, knee)]
        return cls(
            f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
            os.cpu_count() or 1,
            round(os.getloadavg()[1], 1),
            nodes,
            *rows,
            asdict(whole),
        )

    @classmethod
    def kept(cls) -> Results:
        """The last ones."""
        return cls(**json.loads(RESULTS.read_text(encoding="utf-8")))


def keep(found: Results) -> None:
    """Write both files."""
    RESULTS.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(Results.kept()), encoding="utf-8")


def table(found: Results) -> str:
    """What was measured, a row a batch."""
    head = (
        "| batch | submissions | workers x jobs | a second | API calls a submission | lease, p50 / p99 ms | complete, p50 / p99 ms |"
        " CPU ms a submission: workers, database, API server and etcd, scheduler and controllers | lost or doubled |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    rows = [("queue alone", run) for run in found.alone] + [("to find the knee", run) for run in found.knee]
    return head + "".join(_row(what, run) for what, run in [*rows, ("the whole", found.whole)])


def capacity(found: Results) -> str:
    """What the measured figures come to, a row a class."""
    head = (
        "| students who hand in within an hour | gradings a second | share of the measured dispatch rate | pods at once | nodes of"
        f" {NODE_CORES} cores, {NODE_MIB // 1024} GiB | dollars for 1,000 gradings |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(_class(students, found.whole["rate"]) for students in STUDENTS)


def page(found: Results) -> str:
    """docs/capacity.md."""
    whole, memory = found.whole, found.whole["load"]["memory"]
    batch = whole["batch"]
    held = ", ".join(f"{name} {mib:g} MiB" for name, mib in memory.items())
    return f"""# How many students

Written by `python -m grader.bench.scale --keep` from `grader/bench/scale/results.json`; a test compares them.

## Measured

{found.at} UTC, {found.cores} cores for everything (workers, PostgreSQL, API server, etcd, scheduler, controllers, kwok), load
{found.load:g}. {found.nodes:,} simulated nodes (kwok) on a real Kubernetes API server; the nodes' leases are renewed every 30 s. Queue,
worker, manifests and API calls are the product's; the pods are simulated: they run after a second and are done two seconds later.
So this measures how fast submissions are dispatched, not how fast they are graded. The database does not wait for its disk (fsync is off).

{table(found)}
Calls are create, watch and delete of a pod. The real backend opens one stream more to each pod (`exec`), which simulated nodes don't
have. The whole batch: {batch["submissions"]:,} submissions in {whole["seconds"]:g} s, {whole["load"]["transactions"] / batch["submissions"]:.1f}
transactions and {whole["load"]["wal_mb"] * 1024 / batch["submissions"]:.1f} KiB of write-ahead log a submission. The most memory held: {held}.

## Extrapolated

Nothing in this table was watched. It takes the dispatch rate of the whole batch above, {GRADING_CORE_SECONDS:g} core seconds a grading
(measured on docker: `grader/bench/README.md`), and assumes: everybody hands in once within the hour, and all is graded when it ends; a pod lives
{POD_SECONDS:g} s and sets {POD_MIB:,} MiB aside; {USED:.0%} of a node are of use; a core costs ${CORE_HOUR_DOLLARS:g} an hour. Services of the labs, the
control plane and idle nodes are not counted.

{capacity(found)}
Above a share of 1 the dispatch rate of this machine is not enough: workers, database and API server need more cores than the
{found.cores} that they shared here.
"""


def _row(what: str, run: dict[str, Any]) -> str:
    batch, count = run["batch"], run["batch"]["submissions"]
    used = run["load"]["cpu"]
    groups = (("workers",), ("database",), ("kube-apiserver", "etcd"), ("kube-scheduler", "kube-controller-manager"))
    cpu = [f"{sum(used.get(name, 0.0) for name in group) * 1000 / count:.0f}" for group in groups]
    calls = sum(run["calls"].get(verb, 0.0) for verb in ("create", "watch", "delete"))
    took = [" / ".join(f"{ms:g}" for ms in run["took"].get(name, ())) for name in ("lease", "complete")]
    cells = (
        what,
        f"{count:,}",
        f"{batch['workers']} x {batch['jobs']}",
        f"{run['rate']:g}",
        f"{calls:.2f}",
        *took,
        ", ".join(cpu),
    )
    return f"| {' | '.join((*cells, str(len(run['wrong']))))} |\n"


def _class(students: int, rate: float) -> str:
    wanted = students / HOUR
    pods = wanted * POD_SECONDS
    nodes = max(wanted * GRADING_CORE_SECONDS / (NODE_CORES * USED), pods * POD_MIB / (NODE_MIB * USED))
    dollars = 1000 * GRADING_CORE_SECONDS / HOUR / USED * CORE_HOUR_DOLLARS
    return f"| {students:,} | {wanted:.2f} | {wanted / rate:.2f} | {math.ceil(pods)} | {math.ceil(nodes)} | {dollars:.3f} |\n"
