"""`python -m grader.bench`: one table of how fast, how near the floor, and how right; see README.md."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from grader.bench import figures, graders, measure, profiling, report, summary
from grader.bench.classroom import CORE, RIGHT, WHOLE, Student, students
from grader.bench.driver import DriverFailed
from grader.bench.materials import Materials
from grader.cli.app import course, home, side_by_side
from grader.course.tree import Lab
from grader.errors import CourseError
from grader.spec.lab import LabSpec
from grader.spec.loader import load

QUIET = 0.25
"""A machine is quiet with at most this many processes a core that want to run."""
WHOLE_LAB = "04-experiment-tracking"


def main() -> int:
    """Measure, print, keep. Returns 1 when a goal that was measured is missed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    cores = len(os.sched_getaffinity(0))
    console = Console(highlight=False, width=200)
    bench = Bench(options, cores, console)
    load = bench.content["machine"]["load_at_start"]
    if load > cores * QUIET:
        measure.say(f"this machine is busy (load {load:.1f} on {cores} cores): ratios may hold, seconds won't")
    try:
        bench.core()
        if options.whole:
            bench.whole()
    except CourseError as error:
        console.print(f"bench: {error}", style=None)
        return error.exit_code
    finally:
        bench.clean()
    return bench.finish()


class Bench:
    """One run: its folder, its options, and what it found so far."""

    def __init__(self, options: argparse.Namespace, cores: int, console: Console) -> None:
        self.options, self.cores, self.console = options, cores, console
        self.jobs: int = side_by_side(options.jobs)
        self.folder = Path(tempfile.mkdtemp(prefix="mlops-bench-"))
        self.peers = graders.install_peers(home())
        self.content: dict[str, Any] = {"schema": 1, "machine": report.machine(), "options": vars(options)}
        self.rows: dict[str, summary.Row] = {}
        self.growths: dict[str, float] = {}
        self.right: dict[str, bool] = {}

    def core(self) -> None:
        """Everyone on the core, ours at ten times the submissions, and a profile if asked for."""
        lab = Lab(load(graders.CORE / "lab.yaml", LabSpec), graders.CORE)
        materials = Materials(self.folder / "core", course(), lab)
        materials.write_assignments(self.peers.requirements)
        size, small = self.options.submissions, max(2 * self.jobs, self.options.submissions // 10)
        group = students(lab, CORE, size)
        names = [name for name in graders.ALL if name in self.options.only]
        start = functools.partial(
            graders.start, folder=self.folder, materials=materials, lab=graders.CORE, assignment=lab.id, jobs=self.jobs,
            peers=self.peers,
        )  # fmt: skip
        warm_up = materials.hand_in(students(lab, [RIGHT], self.jobs, "warm"), peers=True)
        with measure.working(names, start, warm_up) as (drivers, measured):
            measure.in_turns(drivers, measured, _rounds(materials.hand_in(group, peers=True), self.options.rounds))
            ours = {name: drivers[name] for name in graders.OURS if name in drivers}
            if self.options.growth:
                many = materials.hand_in(students(lab, [RIGHT], 11 * small, "many"), peers=False)
                self.growths = {name: measure.growth(d, many[:small], many[small:]) for name, d in ours.items()}
            if self.options.profile:
                self._profile(ours, materials.hand_in(students(lab, CORE, max(10, small), "p"), peers=False))
        title = f"{size} submissions of lab 04's core, {self.jobs} side by side, {self.cores} cores"
        self._show("core", title, measured, group)
        if self.growths:
            self.content["growth"] = {"small": small, "large": 10 * small, "ratio": self.growths}

    def whole(self) -> None:
        """Ours alone on lab 04 with its live services."""
        lab = course().lab(WHOLE_LAB)
        materials = Materials(self.folder / "whole", course(), lab)
        group = students(lab, WHOLE, self.options.whole)
        start = functools.partial(graders.start_ours, folder=self.folder, lab=lab.folder, jobs=self.jobs, label="whole")
        names = [name for name in graders.OURS if name in self.options.only]
        warm_up = materials.hand_in(students(lab, [RIGHT], self.jobs, "warm"), peers=False)
        with measure.working(names, start, warm_up) as (drivers, measured):
            measure.in_turns(drivers, measured, _rounds(materials.hand_in(group, peers=False), self.options.rounds))
            if self.options.profile:
                self._profile(drivers, materials.hand_in(students(lab, WHOLE, len(group), "p"), peers=False))
        title = f"{len(group)} submissions of lab 04 whole, live MLflow and S3, {self.jobs} side by side"
        self._show("whole", title, measured, group)

    def finish(self) -> int:
        """State the goals, keep the numbers."""
        goals = summary.goals(self.rows, self.growths, self.right)
        report.show_goals(self.console, goals)
        self.content["goals"] = [dataclasses.asdict(goal) for goal in goals]
        path = report.keep(self.options.out, self.content)
        self.console.print(f"numbers kept in {path}")
        if self.options.quote:
            figures.quote(path)
        return int(any(goal.met is False for goal in goals))

    def clean(self) -> None:
        """Remove the run's folder, unless it was to be kept."""
        if self.options.keep:
            measure.say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _show(self, part: str, title: str, measured: dict[str, measure.Measured], group: Sequence[Student]) -> None:
        floor = summary.floor_of(measured.get(graders.FLOOR))
        rows = {name: row for name, one in measured.items() if (row := summary.row(one, floor, self.cores))}
        class_of = {student.name: student for student in group}
        verdicts = {name: summary.verdicts(measured[name], class_of) for name in rows if name not in graders.FLOORS}
        deserved = {student.kind: sum(student.deserves.values()) for student in group}
        phases = {name: found for name in rows if name in graders.OURS and (found := summary.phases(measured[name]))}
        missing = {name: one.missing for name, one in measured.items() if one.missing}
        report.show(self.console, title, rows, missing)
        report.show_verdicts(self.console, "Verdicts: points given", deserved, verdicts)
        report.show_phases(self.console, phases)
        if part == "core":
            self.rows = rows
        ours = [name for name in graders.OURS if name in rows]
        self.right |= {f"{name}, {part}": all(good for _, good in verdicts[name].values()) for name in ours}
        self.content[part] = {
            "submissions": len(group), "floor_cpu_seconds": floor, "missing": missing, "deserved": deserved,
            "rows": {name: {**dataclasses.asdict(row), "per_minute": row.per_minute} for name, row in rows.items()},
            "verdicts": verdicts, "phases": phases,
        }  # fmt: skip

    def _profile(self, drivers: dict[str, Any], submissions: list[str]) -> None:
        for name, driver in drivers.items():
            try:
                found = profiling.profile(driver, submissions, self.peers.python, self.folder / f"{name}.folded")
            except (OSError, DriverFailed) as problem:
                measure.say(f"no profile of {name}: {problem}")
                continue
            profiling.show(self.console, name, found)
            self.content.setdefault("profile", {})[name] = dataclasses.asdict(found)


def _rounds(folders: list[str], rounds: int) -> list[list[str]]:
    """The submissions dealt into rounds of the same size, give or take one."""
    size = -(-len(folders) // rounds)
    return [folders[start : start + size] for start in range(0, len(folders), size)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grader.bench", description=__doc__)
    parser.add_argument("--submissions", type=int, default=30, help="size of the class (100 for the real one)")
    parser.add_argument("--rounds", type=int, default=3, help="the class is graded in so many turns")
    parser.add_argument("--jobs", type=int, help="submissions side by side, for who can (default: one more than cores)")
    parser.add_argument("--whole", type=int, default=12, help="submissions of lab 04 with its live services; 0: none")
    parser.add_argument("--only", nargs="+", choices=graders.ALL, default=graders.USUAL, help="measure these alone")
    parser.add_argument("--no-growth", dest="growth", action="store_false", help="leave out ten times the submissions")
    parser.add_argument("--profile", action="store_true", help="also say where our time goes")
    parser.add_argument("--out", type=Path, default=graders.HERE / "results", help="folder of the JSON file")
    parser.add_argument("--quote", action="store_true", help="write the tables of README.md anew")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder: notebooks, logs, evidence")
    options = parser.parse_args()
    options.out = options.out.resolve()
    return options


if __name__ == "__main__":
    raise SystemExit(main())
