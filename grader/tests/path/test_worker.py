"""A class from a terminal: a lab is asked for, handed in, graded by `mlops worker`, graded again and released."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.learner.bundle import write
from grader.tests.path.conftest import Command, alive

WORK = ("worker", "--backend", "local", "--trust")


@pytest.fixture
def admin(mlops: Command, tmp_path: Path) -> Command:
    """A home with the session's environments and a gradebook of its own: `math`, taught by tess, for ann and bob."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "environments").symlink_to((mlops.home / "environments").resolve())
    command = Command(tmp_path / "home", tmp_path)
    for words in (
        ("init",), ("course", "math", "Mathematics"), ("enrol", "math", "tess", "--role", "instructor"),
        ("enrol", "math", "ann"), ("enrol", "math", "bob"), ("assign", "math", "tracking", "--lab", "04"),
    ):  # fmt: skip
        done = command("admin", *words)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return command


def test_other_people_s_code_needs_a_sandbox(admin: Command) -> None:
    """The local backend is refused without --trust; a gradebook that isn't there is named."""
    done = admin("worker", "--backend", "local")
    assert (done.returncode, done.stderr.strip()) == (2, (
        "mlops: the queue holds other people's code, and the local backend is no real sandbox "
        "(use --backend docker, or --trust if you have read what you are about to run)"
    ))  # fmt: skip
    done = admin(*WORK, MLOPS_DATABASE=f"sqlite:///{admin.work / 'none.db'}")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("none.db has no tables of the gradebook (mlops admin init)")


@pytest.mark.services
def test_a_class_is_graded_and_regraded(admin: Command, course: Course, lab04: Lab) -> None:
    """The solution earns 100 and the starter 0; what is handed in again is not graded again; a regrade is an attempt more,
    by somebody for a reason, and counts when it is released. A worker killed in the middle of it is replaced by the next, whom
    SIGTERM lets end what it does first; nothing is left running."""
    write(course, lab04, "solution", admin.work / "ann")
    (admin.work / "bob.zip").write_bytes(bundle(lab04, samples.starter(lab04)[0]))
    handed_in = [admin("admin", "submit", "math", "tracking", who, path) for who, path in (("ann", "ann"), ("bob", "bob.zip"))]
    assert [done.stdout for done in handed_in] == [
        "receipt 1: submission 1, job 1\n", "receipt 2: submission 2, job 2\n",
    ], handed_in  # fmt: skip
    worked = admin(*WORK, "--until-empty", "--jobs", 2)
    assert worked.returncode == 0, worked.stderr
    assert admin("admin", "scores", "math").stdout == "student\ttracking\nann\t100\nbob\t0\n"
    assert admin("admin", "submit", "math", "tracking", "bob", "bob.zip").stdout == "receipt 3: submission 2, job 2\n"
    assert admin("admin", "jobs").stdout == "waiting 0  leased 0  done 2  dead 0\n"

    asked = admin(
        "admin", "regrade", "math", "tracking", "--by", "tess", "--reason", "once more", "--which", "failed", "--again"
    )
    assert asked.stderr.startswith("1 of 1 submission(s) wait to be graded again"), asked.stderr
    killed = admin.start(*WORK, "--lease-seconds", 3)
    wait_for(admin.home, attempt=2)
    killed.kill()
    killed.communicate()
    worker = admin.start(*WORK, "--lease-seconds", 3)
    wait_for(admin.home, attempt=3)
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=120)
    assert worker.returncode == 0, said
    assert admin("admin", "jobs").stdout == "waiting 0  leased 0  done 3  dead 0\n"
    assert alive(admin.home) == []

    assert admin("admin", "attempts", "math", "tracking", "bob").stdout.splitlines()[:2] == [
        "submission 2  attempt 1  finished  0/100  counts  asked for by bob: handed in",
        "submission 2  attempt 2  finished  0/100  -  asked for by tess: once more",
    ]
    assert admin("admin", "release", "math", "tracking", "--by", "tess").stderr == "1 result(s) released\n"


def wait_for(home: Path, attempt: int) -> None:
    """Until bob's work is being graded the so manieth time."""
    ends = time.monotonic() + 60
    while not list(home.glob(f"evidence/*/bob-*/attempt-{attempt}")):
        assert time.monotonic() < ends
        time.sleep(0.05)
