"""A learner's way: where am I, undo, the solution when it is earned, a bundle to hand in, progress on two machines."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cli import quick
from grader.course.tree import Lab
from grader.grading.inbox import find, of_folder
from grader.tests import kept
from grader.tests.path.conftest import Command, alive
from grader.tests.path.test_bad_input import refused
from grader.tests.path.test_command import NOTEBOOK, solve, source, source_of_starter
from grader.tests.path.test_resident import until


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A learner who has started lab 04, and nothing before it; whatever ran last, no service stays."""
    command = Command(kept.home(tmp_path_factory.mktemp("journey")), tmp_path_factory.mktemp("learner"))
    assert command("start", "04").returncode == 0
    yield command
    command("stop")


def folder(learner: Command) -> Path:
    """Where the lab is."""
    return learner.work / "04-experiment-tracking"


def test_mlops_alone_says_what_comes_next(learner: Command) -> None:
    """One line that says it, one that does it."""
    done = learner()
    assert (done.returncode, done.stdout) == (
        0,
        "Next: work on lab 04, Experiment tracking and reproducibility, then have it checked.\n"
        "  mlops check\nAll commands: mlops --help\n",
    )


def test_undo_brings_a_reset_task_back_and_again(learner: Command, lab04: Lab) -> None:
    """Undo takes the reset back, and a second undo takes the first one back: nothing is ever lost."""
    solve(folder(learner) / NOTEBOOK, lab04, ["sweep"])
    mine = source(folder(learner) / NOTEBOOK, "sweep")
    seen = []
    for command in (("reset", "--task", "sweep"), ("undo",), ("undo",), ("undo",)):
        assert learner(*command).returncode == 0
        seen.append(source(folder(learner) / NOTEBOOK, "sweep"))
    starter = source_of_starter(lab04, "sweep")
    assert seen == [starter, mine, starter, mine]


def test_the_solution_has_to_be_earned_or_given_up_for(learner: Command) -> None:
    """Refused before full marks; with --give-up it lies beside the learner's own, which stays as it was."""
    before = (folder(learner) / NOTEBOOK).read_bytes()
    assert refused(learner("solution")) == (
        "mlops: lab 04-experiment-tracking is not solved yet; a check that fails has up to four hints: mlops hint "
        "(to see it all the same: mlops solution --give-up)"
    )
    assert not (folder(learner) / "solution").exists()
    done = learner("solution", "--give-up")
    assert (done.returncode, done.stdout) == (0, f"The author's solution, beside yours: {folder(learner) / 'solution'}\n")
    assert sorted(f.name for f in (folder(learner) / "solution").iterdir()) == [NOTEBOOK, "customers.csv"]
    assert (folder(learner) / NOTEBOOK).read_bytes() == before


def test_submit_seals_what_is_there(learner: Command, lab04: Lab, tmp_path: Path) -> None:
    """The bundle holds the notebook of this moment and whose it is; the hash that is printed is the submission's."""
    file = tmp_path / "mine.zip"
    done = learner("submit", "--student", "ada", "--out", file)
    own = of_folder(lab04, folder(learner))
    assert (done.returncode, done.stdout) == (0, f"Sealed 1 file(s) as {file}\nsha256 {own.sha256}\n")
    assert find(lab04, file) == [dataclasses.replace(own, path=str(file), student="ada")]
    assert "can't be a student's name" in refused(learner("submit", "--student", "../eve"))


def test_progress_travels(learner: Command, tmp_path: Path) -> None:
    """What one machine exports, another one shows; a file that is there is not overwritten, one that is none is refused."""
    file, other = tmp_path / "progress.jsonl", Command(tmp_path / "other", learner.work)
    exported = learner("export", file)
    count = len(file.read_text().splitlines())
    assert exported.stdout == f"Wrote {count} event(s) to {file}\n"
    assert "is there already" in refused(learner("export", file))
    assert other("import", file).stdout == f"Added {count} event(s); {other.home} holds your progress\n"
    assert other("import", file).stdout.startswith("Added 0 event(s)")
    assert (other("progress").stdout, other("progress").returncode) == (learner("progress").stdout, 0)
    (tmp_path / "none").write_text("x")
    assert refused(other("import", tmp_path / "none")).startswith("mlops: line 1 is no event of a record")


def test_services_one_by_one(learner: Command) -> None:
    """ps says what is up and where, logs what it printed, and what isn't up is said; a page that there isn't, too."""
    states = {line.split()[0]: line.split()[1] for line in learner("ps").stdout.splitlines()}
    assert {name: states[name] for name in ("mlflow", "postgres", "s3")} == {"mlflow": "up", "postgres": "up", "s3": "up"}
    assert learner("logs", "mlflow", "-n", "3").stdout.count("\n") == 3
    assert "did you mean 'mlflow'?" in refused(learner("logs", "mlflo"))
    assert "has no page to look at; it listens on 127.0.0.1:" in refused(learner("open", "postgres"))
    assert learner("down").stdout.startswith("Stopped ")
    assert learner("ps").stdout.splitlines()[0].split()[1] == "down"
    assert refused(learner("logs", "mlflow")) == "mlops: mlflow is not up (mlops up mlflow)"
    brought = learner("up", "postgres")
    assert "postgres       up               127.0.0.1:" in brought.stdout
    assert learner("stop").returncode == 0


def test_the_record_has_it_all(learner: Command, tmp_path: Path) -> None:
    """What is done stands in the record in the order in which it is done."""
    record = learner.home / "record.jsonl"
    before = len(record.read_text().splitlines())
    shutil.rmtree(folder(learner) / "solution", ignore_errors=True)
    done = (("reset", "--task", "sweep"), ("undo",), ("solution", "--give-up"), ("submit", "--out", tmp_path / "all.zip"))
    for command in done:
        assert learner(*command).returncode == 0
    events = [json.loads(line)["event"] for line in record.read_text().splitlines()[before:]]
    assert events == ["reset", "undone", "solution", "submitted"]
    assert isinstance(learner("status"), subprocess.CompletedProcess)


def test_who_stops_right_after_a_check_waits_for_its_tidying_up(learner: Command, lab04: Lab) -> None:
    """`mlops check` answers before the run's traces are removed; `mlops stop` takes no service down before they are."""
    assert learner("start", "04").returncode == 0
    assert until(lambda: quick.place(learner.home).exists())
    solve(folder(learner) / NOTEBOOK, lab04, ["train"])
    log = learner.home / "resident" / "log"
    done = learner("check", "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"], done.stderr.count("Traceback")) == (1, "finished", 0)
    assert learner("stop").returncode == 0
    assert (log.read_text(), alive(learner.home)) == ("", [])
