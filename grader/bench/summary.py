"""From measurements to the numbers that are shown: medians over rounds, verdicts by kind, goals."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from grader.bench.classroom import Student
from grader.bench.driver import Batch
from grader.bench.measure import Measured

NO_MARK = "no mark"
"""A grader that gives up on a submission: somebody has to look at it by hand."""
FLAT = 1.1
"""The grader's memory is flat if it ends with at most this many times what it had after the warm-up …"""
FLAT_MB = 10.0
"""… or this many MiB more: a short run can't tell less from noise."""


@dataclass(frozen=True)
class Row:
    """One grader's numbers; seconds are per submission."""

    name: str
    wall: float
    walls: list[float]
    """Of each round, so that the spread is seen."""
    cpu: dict[str, float]
    machine_cpu: float
    memory_start_mb: float
    memory_end_mb: float
    once: float
    """Seconds from the start of its process to the first marks: set-up, imports, a built image, services, the warm-up."""
    over_floor: float | None = None
    """Wall times cores, over the floor's CPU seconds."""
    cpu_over_floor: float | None = None
    """All CPU seconds that could be told, over the floor's: what `over_floor` comes down to when nothing waits and nobody
    else uses the machine."""

    @property
    def per_minute(self) -> float:
        """Submissions graded in a minute."""
        return 60 / self.wall


def row(measured: Measured, floor: float | None, cores: int) -> Row | None:
    """The numbers of one grader; None when it was left out."""
    batches = measured.batches
    if not batches or measured.warm_up is None or measured.missing:
        return None
    walls = [batch.seconds / batch.submissions for batch in batches]
    wall, parts = statistics.median(walls), batches[0].cpu
    cpu = {part: _each(batches, lambda b, p=part: b.cpu[p]) for part in parts}
    return Row(
        measured.name, wall, walls, cpu, _each(batches, lambda batch: batch.machine_cpu), measured.warm_up.memory_mb,
        batches[-1].memory_mb, measured.ready + measured.warm_up.seconds, wall * cores / floor if floor else None,
        sum(cpu.values()) / floor if floor and "sandboxes" in cpu else None,
    )  # fmt: skip


def floor_of(measured: Measured | None) -> float | None:
    """CPU seconds of one submission's cells."""
    return _each(measured.batches, lambda batch: batch.cpu["sandboxes"]) if measured and measured.batches else None


def verdicts(measured: Measured, class_of: Mapping[str, Student]) -> dict[str, tuple[str, bool | None]]:
    """By kind of submission: the marks it got, and whether these are the deserved ones (None: it gives none at all)."""
    found: dict[str, dict[str, bool]] = {}
    judged = False
    for batch in measured.batches:
        for folder, mark in batch.marks.items():
            student = class_of[PurePath(folder).name]
            points = mark["points"]
            judged = judged or points is not None
            got = NO_MARK if points is None else f"{sum(points.values()):g}"
            found.setdefault(student.kind, {})[got] = points == student.deserves
    return {kind: (" or ".join(sorted(marks)), all(marks.values()) if judged else None) for kind, marks in found.items()}


def phases(measured: Measured) -> dict[str, float]:
    """Median seconds of each phase of a submission's grading, where the grader tells them; `all` is their sum."""
    told = [mark["phases"] for batch in measured.batches for mark in batch.marks.values() if mark["phases"]]
    if not told:
        return {}
    each = {phase: statistics.median(one[phase] for one in told) for phase in told[0] if phase != "queue"}
    return {**each, "all": sum(each.values())}


@dataclass(frozen=True)
class Goal:
    """A goal, what was reached, and whether that is enough (None: it wasn't measured)."""

    text: str
    reached: str
    met: bool | None


def goals(rows: Mapping[str, Row], growths: Mapping[str, float], right: Mapping[str, bool]) -> list[Goal]:
    """The goals that the design states, beside what this run reached."""
    found = [
        _faster(rows, "nbgrader", 20), _faster(rows, "otter-containers", 10), _near_floor(rows, "docker", 1.5),
        _near_floor(rows, "local", 1.25),
    ]  # fmt: skip
    for backend in ("docker", "local"):
        ratio = growths.get(backend)
        shown = "not measured" if ratio is None else f"{ratio:.2f}x"
        text = f"{backend}: 10x the submissions take at most 10.5x the time"
        found.append(Goal(text, shown, None if ratio is None else ratio <= 10.5))
    for backend in ("docker", "local"):
        found.append(_flat(rows.get(backend), backend))
    for backend, good in right.items():
        found.append(Goal(f"{backend}: every verdict as deserved", "all" if good else "not all", good))
    return found


def _faster(rows: Mapping[str, Row], peer: str, times: float) -> Goal:
    text = f"docker: at least {times:g}x the throughput of {peer}"
    if "docker" not in rows or peer not in rows:
        return Goal(text, "not measured", None)
    ratio = rows[peer].wall / rows["docker"].wall
    return Goal(text, f"{ratio:.1f}x", ratio >= times)


def _near_floor(rows: Mapping[str, Row], backend: str, times: float) -> Goal:
    text = f"{backend}: wall x cores at most {times:g}x the floor"
    ratio = rows[backend].over_floor if backend in rows else None
    return Goal(text, "not measured" if ratio is None else f"{ratio:.2f}x", None if ratio is None else ratio <= times)


def _flat(row: Row | None, backend: str) -> Goal:
    text = f"{backend}: the grader's memory is flat"
    if row is None:
        return Goal(text, "not measured", None)
    start, end = row.memory_start_mb, row.memory_end_mb
    return Goal(text, f"{start:.0f} -> {end:.0f} MiB", end <= max(start * FLAT, start + FLAT_MB))


def _each(batches: Sequence[Batch], what: object) -> float:
    """Seconds per submission over all batches."""
    assert callable(what)
    return float(sum(what(batch) for batch in batches) / sum(batch.submissions for batch in batches))
