"""`python -m grader.bench.learner`: how long a learner waits, on lab 04 with its live services.

`start` the first time after the installation and the next times, `check` beyond the learner's own cells, and the time from
a save to the first word of `watch`. A home of its own; the environments are installed before the clock runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from grader.bench import learner_results as results
from grader.bench.learner_answers import answers
from grader.course.tree import find_course
from grader.learner import bundle

MLOPS = str(Path(sys.executable).with_name("mlops"))
LAB, LAST_TASK = "04-experiment-tracking", "holes"
ANSWERED = 10
"""Checks of which it is noted who took how long to answer."""
READING_SECONDS = 1.0
"""Nobody asks for the next check before having read the last one; meanwhile that one tidies up."""


class Learner:
    """Runs `mlops` in a home of its own."""

    def __init__(self, place: Path) -> None:
        self.work = place / "work" / LAB
        self.variables = {**os.environ, "MLOPS_HOME": str(place / "home"), "MLOPS_WORK": str(place / "work"), "NO_COLOR": "1"}

    def __call__(self, *arguments: str) -> str:
        """What the command prints. Leaves with its message when it could not do its work."""
        done = subprocess.run([MLOPS, *arguments], env=self.variables, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"mlops {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    @property
    def notebook(self) -> Path:
        """The file that is checked."""
        return self.work / f"{LAB}.ipynb"


def timed(action: Callable[[], object]) -> float:
    """Wall seconds."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def solve(learner: Learner) -> None:
    """Put the author's answers into the learner's notebook."""
    course = find_course()
    lab = course.lab(LAB)
    solved = nbformat.reads(bundle.files(course, lab, "solution")[learner.notebook.name].decode(), as_version=4)
    answers = {cell["id"]: cell.source for cell in solved.cells}
    mine = nbformat.read(learner.notebook, as_version=4)
    for cell in mine.cells:
        if cell["id"] in {task.id for task in lab.spec.tasks}:
            cell.source = answers[cell["id"]]
    nbformat.write(mine, learner.notebook)


def check(learner: Learner) -> tuple[float, float]:
    """Wall seconds of `mlops check`, and those of it that the learner's cells took."""
    started = time.perf_counter()
    result = json.loads(learner("check", "--json"))
    wall = time.perf_counter() - started
    if result["earned"] != result["possible"]:
        raise SystemExit(f"the solution earned {result['earned']:g}: {result['detail']}")
    return wall, float(result["seconds"]["cells"])


def reactions(learner: Learner, times: int) -> list[float]:
    """Seconds from a save to the first word of `mlops watch`."""
    variables = {**learner.variables, "PYTHONUNBUFFERED": "1"}
    found: list[float] = []
    with subprocess.Popen(
        [MLOPS, "watch"], env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as watch:
        assert watch.stdout is not None
        for number in range(times):
            _until(watch.stdout, " points: ")
            mine = nbformat.read(learner.notebook, as_version=4)
            last = next(cell for cell in mine.cells if cell["id"] == LAST_TASK)
            last.source += f"\n# {number}"
            time.sleep(READING_SECONDS)
            started = time.perf_counter()
            nbformat.write(mine, learner.notebook)
            _until(watch.stdout, " saved: ")
            found.append(time.perf_counter() - started)
        watch.terminate()
    return found


def _until(lines: object, text: str) -> None:
    for line in lines:  # type: ignore[attr-defined]
        if text in line:
            return
    raise SystemExit(f"mlops watch ended before it said {text!r}")


def measure(learner: Learner, times: int) -> dict[str, list[float]]:
    """All waits, in seconds, by name."""
    learner("install", LAB)
    found = {"first start": [timed(lambda: learner("start", LAB))]}
    learner("stop")
    found["next start"] = []
    for _ in range(3):
        found["next start"].append(timed(lambda: learner("start", LAB)))
        learner("stop")
    found["start with services up"] = [timed(lambda: learner("start", LAB)) for _ in range(3)][1:]
    solve(learner)
    check(learner)
    walls = []
    for _ in range(times):
        time.sleep(READING_SECONDS)
        walls.append(check(learner))
    found["check"] = [wall for wall, _ in walls]
    found["the learner's cells in it"] = [cells for _, cells in walls]
    found["check beyond the cells"] = [wall - cells for wall, cells in walls]
    found |= answers(Path(learner.variables["MLOPS_HOME"]), LAB, learner.work, ANSWERED)
    found["save to first word"] = reactions(learner, 5)
    return found


def main() -> None:
    """Measure, print a table, write the numbers down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30, help="checks")
    parser.add_argument("--keep", action="store_true", help="add the figures to learner.jsonl and to README.md's table")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        learner = Learner(Path(place))
        try:
            found = measure(learner, asked.times)
        finally:
            learner("stop")
    print(f"{'':28}{'median':>9}{'p90':>9}{'goal':>8}   of")
    for name, seconds in found.items():
        goal = f"{results.GOALS[name]:g}" if name in results.GOALS else ""
        print(f"{name:28}{statistics.median(seconds):9.3f}{results.high(seconds):9.3f}{goal:>8}   {len(seconds)}")
    if asked.keep:
        results.keep(found)
        print(f"kept in {results.RESULTS}")
    sys.exit(bool(results.missed(found)))


if __name__ == "__main__":
    main()
