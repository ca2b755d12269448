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
TEMPLATE = Path(__file__).with_name("page.md")
COLUMNS = (
    "batch", "submissions", "workers x jobs", "a second", "API calls a submission", "lease, p50 / p99 ms",
    "complete, p50 / p99 ms", "CPU ms a submission: workers, database, API server and etcd, scheduler and controllers",
    "lost or doubled",
)  # fmt: skip
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
    rows = [("queue alone", run) for run in found.alone] + [("to find the knee", run) for run in found.knee]
    return _head(COLUMNS) + "".join(_row(what, run) for what, run in [*rows, ("the whole", found.whole)])


def capacity(found: Results) -> str:
    """What the measured figures come to, a row a class."""
    columns = (
        "students who hand in within an hour", "gradings a second", "share of the measured dispatch rate", "pods at once",
        f"nodes of {NODE_CORES} cores, {NODE_MIB // 1024} GiB", "dollars for 1,000 gradings",
    )  # fmt: skip
    return _head(columns) + "".join(_class(students, found.whole["rate"]) for students in STUDENTS)


def page(found: Results) -> str:
    """docs/capacity.md."""
    whole, memory = found.whole, found.whole["load"]["memory"]
    batch = whole["batch"]
    held = ", ".join(f"{name} {mib:g} MiB" for name, mib in memory.items())
    return TEMPLATE.read_text(encoding="utf-8").format(
        at=found.at, cores=found.cores, load=found.load, nodes=found.nodes, table=table(found), capacity=capacity(found),
        submissions=batch["submissions"], seconds=whole["seconds"], held=held, grading=GRADING_CORE_SECONDS,
        transactions=whole["load"]["transactions"] / batch["submissions"], pod_seconds=POD_SECONDS, pod_mib=POD_MIB, used=USED,
        kib=whole["load"]["wal_mb"] * 1024 / batch["submissions"], core_hour=CORE_HOUR_DOLLARS,
    )  # fmt: skip


def _head(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |\n| {' | '.join(['---'] * len(columns))} |\n"


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
