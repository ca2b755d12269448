"""A class: a lab is asked for, handed in, and graded by `mlops worker`, which is killed meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.learner.bundle import write
from grader.tests.gradebook.terminal import Terminal
from grader.tests.path.conftest import Command, alive

WORK = ("worker", "--backend", "local", "--trust", "--lease-seconds", 3)


@pytest.fixture
def here(mlops: Command, tmp_path: Path) -> Command:
    """A home of its own, with the session's environments."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "environments").symlink_to((mlops.home / "environments").resolve())
    return Command(tmp_path / "home", tmp_path)


def test_other_people_s_code_needs_a_sandbox(here: Command) -> None:
    """The local backend is refused without --trust."""
    done = here("worker", "--backend", "local")
    assert (done.returncode, done.stderr.strip()) == (2, (
        "mlops: the queue holds other people's code, and the local backend is no real sandbox "
        "(use --backend docker, or --trust if you have read what you are about to run)"
    ))  # fmt: skip


@pytest.mark.services
def test_a_class_is_graded_although_its_worker_is_killed(here: Command, course: Course, lab04: Lab) -> None:
    """The solution earns 100 and the starter 0. The worker that is killed in the middle of both is replaced by the next, whom
    SIGTERM lets end what it does first; each has one attempt, and nothing is left running. What is handed in again is not
    graded again."""
    admin = Terminal(here.home)
    admin.make_class()
    write(course, lab04, "solution", here.work / "ann")
    (here.work / "bob.zip").write_bytes(bundle(lab04, samples.starter(lab04)[0]))
    assert admin("submit", "math", "tracking", "ann", here.work / "ann") == "receipt 1: submission 1, job 1\n"
    assert admin("submit", "math", "tracking", "bob", here.work / "bob.zip") == "receipt 2: submission 2, job 2\n"
    killed = here.start(*WORK)
    wait_for(lambda: begun(here.home, attempt=1) == 2)
    killed.kill()
    killed.communicate()
    worker = here.start(*WORK)
    wait_for(lambda: begun(here.home, attempt=2) == 2)
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=200)
    assert worker.returncode == 0, said
    assert alive(here.home) == []
    assert admin("jobs") == "waiting 0  leased 0  done 2  dead 0\n"
    assert admin("scores", "math") == "student\ttracking\nann\t100\nbob\t0\n"
    assert [admin("attempts", "math", "tracking", who) for who in ("ann", "bob")] == [
        "submission 1  attempt 1  finished  100/100  counts  asked for by ann: handed in\n",
        "submission 2  attempt 1  finished  0/100  counts  asked for by bob: handed in\n",
    ]
    assert admin("submit", "math", "tracking", "bob", here.work / "bob.zip") == "receipt 3: submission 2, job 2\n"
    assert admin("jobs") == "waiting 0  leased 0  done 2  dead 0\n"


def begun(home: Path, attempt: int) -> int:
    """How many submissions have been begun to be graded the so manieth time."""
    return len(list(home.glob(f"evidence/*/*/attempt-{attempt}")))


def wait_for(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.1)
