"""The command as a person uses it: a learner's session from start to stop, an instructor's batch, interruptions."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.grading import samples
from grader.notebook import build
from grader.tests.path.conftest import Command, alive, interrupt

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
NOTEBOOK = "04-experiment-tracking.ipynb"


def test_demo_prints_both_tables_and_leaves_no_process(mlops: Command) -> None:
    """The README's first command: the solution at 100, the starter at 0, exit 0, nothing left running."""
    done = mlops("demo")
    assert done.returncode == 0, done.stderr
    assert "solution: ran to its end" in done.stdout
    assert "100/100" in done.stdout
    assert "starter" in done.stdout
    assert "0/100" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert alive(mlops.home) == []


def test_it_says_what_it_is(mlops: Command) -> None:
    """The version, the Python and the environment: the first thing that a report of a fault needs."""
    said = mlops("--version")
    python = ".".join(map(str, sys.version_info[:3]))
    assert (said.returncode, said.stdout) == (0, f"mlops-course {version('mlops-course')}, Python {python}, {sys.prefix}\n")


def test_authors_prove_single_samples(mlops: Command) -> None:
    """Of the labs named the one that has the sample, with solution and starter, and no lesson; a name that none has is said."""
    proved = mlops("verify", "00", "01", "--sample", "blanks-dropped")
    told = [line.split(":")[0] for line in proved.stderr.splitlines() if "as declared" in line]
    assert (proved.returncode, told) == (0, [f"  00-overview {name}" for name in ("solution", "starter", "blanks-dropped")])
    unknown = mlops("verify", "00", "--sample", "nix")
    assert (unknown.returncode, unknown.stderr.partition(" (they are called ")[0]) == (2, "mlops: no sample is called nix")


def test_a_learner_s_session(mlops: Command, lab04: Lab) -> None:
    """start, check (0), hint, solve one task, check (more), reset it with a backup, status, stop."""
    started = mlops("start", "04")
    assert started.returncode == 0, started.stderr
    folder = mlops.work / "04-experiment-tracking"
    assert f"Made {folder}\n" in started.stdout
    assert sorted(p.name for p in folder.iterdir()) == [".git", ".mlops", NOTEBOOK, "customers.csv", "lessons"]
    lessons = ["01-runs-you-can-check.ipynb", "02-compare-and-repeat.ipynb", "customers.csv"]
    assert sorted(p.name for p in (folder / "lessons").iterdir()) == lessons
    assert "Read first   lessons/01-runs-you-can-check.ipynb\n" in started.stdout
    clean = subprocess.run(["git", "-C", str(folder), "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert clean.stdout == ""

    first = mlops("check")
    assert first.returncode == 1
    assert "0/100" in first.stdout
    assert "next" in first.stdout

    hints = [mlops("hint").stdout for _ in range(2)]
    assert hints[0].startswith("parameters, hint 1 of 3: ")
    assert hints[1].startswith("parameters, hint 2 of 3:")

    solve(folder / NOTEBOOK, lab04, ["tracked-run", "sweep"])
    second = mlops("check", "--json")
    scored = json.loads(second.stdout)
    assert (second.returncode, scored["earned"], scored["outcome"]) == (1, 66.0, "finished")

    reset = mlops("reset", "--task", "sweep")
    assert reset.returncode == 0, reset.stderr
    assert source(folder / NOTEBOOK, "sweep") == source_of_starter(lab04, "sweep")
    assert source(folder / NOTEBOOK, "tracked-run") != source_of_starter(lab04, "tracked-run")
    assert len(list((folder / ".mlops" / "backups").iterdir())) == 1

    status = mlops("status").stdout
    assert "mlflow     up" in status
    assert "lab 04-experiment-tracking: 66/100 at the last check\n" in status

    assert mlops("stop").stdout.startswith("Stopped mlflow (local), s3 (local), postgres (local).")
    assert alive(mlops.home) == []
    assert mlops("stop").stdout == "Nothing was up.\n"


def test_the_readme_s_transcript_is_what_the_command_prints(mlops: Command, lab04: Lab, course: Course) -> None:
    """The session shown there, with the metric of the training rows logged, word for word but for drawn numbers and ids."""
    assert mlops("start", "04").returncode == 0
    try:
        sample = next(s for s in lab04.samples() if s.id == "metric-of-the-training-rows")
        wrong = nbformat.reads(samples.wrong(lab04, sample)[0].notebook.decode(), as_version=4)
        answer(mlops.work / "04-experiment-tracking" / NOTEBOOK, wrong, [t.id for t in lab04.spec.tasks])
        printed = mlops("check").stdout
    finally:
        mlops("stop")
    shown = (course.root / "README.md").read_text().partition("```console\n$ mlops check\n")[2].partition("```")[0]
    assert without_draws(printed) == without_draws(shown)


def test_a_batch_prints_one_json_object_a_line_and_nothing_else(mlops: Command, lab04: Lab) -> None:
    """nbgrader's tree: a right and an unfinished one; exit 1, students named, progress on standard error; and a report where
    one is asked for."""
    for student, notebook in (("ann", build.solution(lab04)), ("bob", build.starter(lab04))):
        folder = mlops.work / "submitted" / student / "04-experiment-tracking"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / NOTEBOOK)
    done = mlops("grade", "04", "submitted", "--trust", "--json", "--jobs", "2", "--report", "junit:out/r.xml")
    assert done.returncode == 1, done.stderr
    results = {r["student"]: r for r in map(json.loads, done.stdout.splitlines())}
    assert {student: r["earned"] for student, r in results.items()} == {"ann": 100.0, "bob": 0.0}
    assert "grading 2 submission(s) on local" in done.stderr
    suites = ElementTree.parse(mlops.work / "out" / "r.xml").getroot()
    found = [int(suite.attrib["failures"]) + int(suite.attrib["errors"]) for suite in suites]
    assert found == [0, len(results["bob"]["checks"])]
    assert alive(mlops.home) == []


def test_a_batch_that_was_killed_goes_on_where_it_was(mlops: Command, lab04: Lab) -> None:
    """kill -9 after the first result: the second run prints it again without grading it, and grades the others only."""
    for student in ("ann", "bob", "eve"):
        folder = mlops.work / "submitted" / student
        folder.mkdir(parents=True)
        notebook = build.starter(lab04)
        next(c for c in notebook.cells if c["id"] == "holes").source += f"  # {student}"
        nbformat.write(notebook, folder / NOTEBOOK)
    command = ("grade", "04", "submitted", "--trust", "--json", "--jobs", "1", "--out", mlops.work / "kept")
    process = mlops.start(*command)
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    kept = {f: f.stat().st_mtime_ns for f in (mlops.work / "kept").glob("*/*/result.json")}

    again = mlops(*command)
    results = {r["student"]: r for r in map(json.loads, again.stdout.splitlines())}
    assert sorted(results) == ["ann", "bob", "eve"]
    assert {**results[first["student"]], "seconds": None} == {**first, "seconds": None}
    assert f"grading {3 - len(kept)} submission(s) on local" in again.stderr
    assert {f: f.stat().st_mtime_ns for f in kept} == kept
    assert alive(mlops.home) == []


def test_a_preferred_port_that_is_taken_is_no_obstacle(mlops: Command, lab04: Lab) -> None:
    """Another program sits on MLflow's port 5000: the service gets another one, and grading works."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # taken already: all the better
            taken.bind(("127.0.0.1", 5000))
        taken.listen()
        nbformat.write(build.solution(lab04), mlops.work / NOTEBOOK)
        done = mlops("grade", "04", NOTEBOOK)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_stops_the_services_too(mlops: Command, lab04: Lab) -> None:
    """Interrupted in the middle of a grading: exit 130, one line, nothing left running."""
    nbformat.write(build.solution(lab04), mlops.work / NOTEBOOK)
    process = mlops.start("grade", "04", NOTEBOOK)
    until(process, "grading 1 submission")
    interrupt(process)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert errors.strip().splitlines()[-1] == "mlops: interrupted; nothing was left running"
    assert alive(mlops.home) == []


def test_what_a_killed_command_left_is_reaped_by_the_next_one(mlops: Command, lab04: Lab) -> None:
    """kill -9 in the middle of a grading leaves services and a kernel; the next command finds and ends them."""
    nbformat.write(build.solution(lab04), mlops.work / NOTEBOOK)
    process = mlops.start("grade", "04", NOTEBOOK)
    until(process, "grading 1 submission")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert alive(mlops.home) != []
    assert mlops("status").returncode == 0
    assert alive(mlops.home) == []


def test_a_first_start_that_was_killed_can_be_repeated(mlops: Command, tmp_path: Path) -> None:
    """kill -9 while the second service of a new home starts: the next start knows the first one's password."""
    fresh = Command(tmp_path / "fresh", tmp_path)
    fresh.home.mkdir()
    (mlops.home / "environments").mkdir(exist_ok=True)
    (fresh.home / "environments").symlink_to(mlops.home / "environments")
    process = fresh.start("start", "04")
    until(process, "starting Object store")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    try:
        again = fresh("start", "04")
        assert again.returncode == 0, again.stderr
    finally:
        fresh("stop")
    assert alive(fresh.home) == []


def test_nbgrader_validate_accepts_starter_and_solution(mlops: Command) -> None:
    """nbgrader's own validator, on live services: its metadata is right and no locked cell fails."""
    assert mlops("start", "04").returncode == 0
    folder = mlops.work / "04-experiment-tracking"
    assert mlops("build", "04", "--out", mlops.work / "built").returncode == 0
    spec = json.loads((folder / ".mlops" / "jupyter" / "kernels" / "python3" / "kernel.json").read_text())
    try:
        for kind in ("starter", "solution"):
            place = mlops.work / "built" / "04-experiment-tracking" / kind
            notebook = nbformat.read(place / NOTEBOOK, as_version=4)
            parameters = next(c for c in notebook.cells if c["id"] == "parameters")
            parameters.source = f'tracking_uri = "{spec["env"]["MLFLOW_TRACKING_URI"]}"\nexperiment = '
            parameters.source += f'"{spec["env"]["MLFLOW_EXPERIMENT_NAME"]}"\nbucket, seed, commit = "", 7, "0" * 40'
            nbformat.write(notebook, place / NOTEBOOK)
            done = subprocess.run(
                [sys.executable, "-m", "nbgrader", "validate", NOTEBOOK, "--Validator.ignore_checksums=True"],
                cwd=place, capture_output=True, text=True, check=False,
                env={**os.environ, "JUPYTER_PATH": str(folder / ".mlops" / "jupyter")},
            )  # fmt: skip
            assert "Success! Your notebook passes all the tests." in done.stdout, done.stdout + done.stderr
    finally:
        mlops("stop")


def until(process: subprocess.Popen[str], text: str) -> None:
    """Read the command's progress until it says `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the command ended before it said {text!r}")


def without_draws(text: str) -> list[str]:
    """The words of an output, each number and id that depends on the draw replaced."""
    return re.sub(r"\b[0-9a-f]{32}\b", "ID", re.sub(r"\b0\.\d+|depth \d+", "N", text)).split()


def solve(file: Path, lab: Lab, tasks: list[str]) -> None:
    """Put the author's answers into the learner's notebook."""
    answer(file, build.solution(lab), tasks)


def answer(file: Path, answered: nbformat.NotebookNode, tasks: list[str]) -> None:
    """Put the cells of another notebook into the learner's."""
    notebook = nbformat.read(file, as_version=4)
    answers = {cell["id"]: cell.source for cell in answered.cells}
    for cell in notebook.cells:
        if cell["id"] in tasks:
            cell.source = answers[cell["id"]]
    nbformat.write(notebook, file)


def source(file: Path, task: str) -> str:
    """The text of a task's cell."""
    return str(next(c.source for c in nbformat.read(file, as_version=4).cells if c["id"] == task))


def source_of_starter(lab: Lab, task: str) -> str:
    """The text that the starter has there."""
    return str(next(c.source for c in build.starter(lab).cells if c["id"] == task))
