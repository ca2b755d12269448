"""`mlops watch` in a terminal: a save is checked, a key helps, the end is the end of the lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from grader.course.tree import Lab
from grader.learner.record import Record
from grader.tests import kept
from grader.tests.path.conftest import HEED, MLOPS, Command, alive
from grader.tests.path.test_command import NOTEBOOK, solve

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

PLAIN = {"TERM": "dumb"}
"""A terminal that shows no bold type, whose codes would stand between the words."""


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A learner who has started lab 04."""
    command = Command(kept.home(tmp_path_factory.mktemp("watch")), tmp_path_factory.mktemp("watched"))
    assert command("start", "04").returncode == 0
    yield command
    command("stop")


def watching(learner: Command, *options: str) -> Any:
    return pexpect.spawn(
        MLOPS[0], ["watch", "04", *options], env=learner.variables | PLAIN, cwd=str(learner.work), dimensions=(24, 80),
        encoding="utf-8", timeout=120, preexec_fn=HEED,
    )  # fmt: skip


def notebook(learner: Command) -> Path:
    return learner.work / "04-experiment-tracking" / NOTEBOOK


def test_a_save_is_checked_and_keys_help(learner: Command, lab04: Lab) -> None:
    """At first everything is checked. A save says what changed, and only that task and the later ones are checked again.
    A save without a change to what is handed in is no reason to check. Each key does what the first line says."""
    before = notebook(learner).read_bytes()
    child = watching(learner)
    child.expect("Watching .*\r\nh hint, a all checks, r check again, q quit\r\n")
    child.expect(r"checking everything …\s+0/100 points: 2 failed, 8 not run\s+· parameters  0/10")
    child.send("h")
    child.expect("parameters, hint 1 of 3: ")
    child.send("?")
    child.expect("h hint, a all checks")
    notebook(learner).write_bytes(before)  # the same once more
    solve(notebook(learner), lab04, ["sweep"])
    child.expect(r"\d\d:\d\d:\d\d saved: sweep changed\r\n")
    child.expect(r"checking sweep, .* …\r\n.* points: ")
    child.expect("· parameters  0/10")
    child.send("a")
    child.expect(r"total .* 0/100\r\n")
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_it_ends_when_everything_passes(learner: Command, lab04: Lab) -> None:
    """What passed task by task is checked once more as a whole; that result is the one recorded."""
    child = watching(learner, "--until-full", "--plain")
    child.expect("points: ")
    child.expect("parameters. What must hold: ")
    tasks = [task.id for task in lab04.spec.tasks]
    solve(notebook(learner), lab04, tasks[1:])
    child.expect("saved: .*points: ")
    solve(notebook(learner), lab04, tasks)
    child.expect(f"saved: {tasks[0]} changed")
    child.expect("100/100 points: 10 passed")
    child.expect(pexpect.EOF)
    child.close()
    last = Record(learner.home).last("checked")
    assert last is not None
    assert (child.exitstatus, last["earned"], {status for status, _ in last["checks"].values()}) == (0, 100, {"passed"})


def test_a_notebook_that_is_none_is_said_and_the_next_save_waited_for(learner: Command) -> None:
    """An editor left half a file: a message, no traceback; Ctrl-C ends, the terminal echoes again, services stay."""
    whole = notebook(learner).read_bytes()
    child = watching(learner)
    child.expect("points: ")
    notebook(learner).write_bytes(whole[:100])
    child.expect("mlops: this file is not a notebook: it isn't JSON")
    notebook(learner).write_bytes(whole.replace(b"auc", b"acu"))
    child.expect("saved: ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.signalstatus is None
    assert len(alive(learner.home)) > 0
