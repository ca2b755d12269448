"""The gradebook from a terminal: each command as a person uses it; errors name what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.gradebook.database import Database
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue.queue import Queue
from grader.tests.gradebook.small_class import FULL, IMAGE, result
from grader.tests.gradebook.terminal import Terminal


@pytest.fixture
def admin(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path / "home")
    made.make_class()
    return made


@pytest.fixture
def handed_in(admin: Terminal, lab04: Lab, tmp_path: Path) -> Terminal:
    """Ann's solution, as a bundle, waits to be graded."""
    (tmp_path / "ann.zip").write_bytes(bundle(lab04, samples.solution(lab04)[0]))
    assert admin("submit", "math", "tracking", "ann", tmp_path / "ann.zip", "--key", "k") == "receipt 1: submission 1, job 1\n"
    return admin


def queue(admin: Terminal) -> Queue:
    return Queue(Database(f"sqlite:///{admin.home}/gradebook.db"))


def graded(admin: Terminal, earned: dict[str, float], lab_version: str = "version-1") -> None:
    """What waits is graded, by a worker that makes it up."""
    lease = queue(admin).lease("w")
    assert lease is not None
    queue(admin).complete(lease, result(earned, version=lab_version), IMAGE)


def test_it_begins_with_init(tmp_path: Path) -> None:
    """Any other command says so; init twice is init."""
    admin = Terminal(tmp_path / "home")
    with pytest.raises(BadInput, match=r"has no tables of the gradebook \(mlops admin init\)"):
        admin("course", "math", "Mathematics")
    assert admin("init") == admin("init") == f"the gradebook is ready: sqlite:///{tmp_path}/home/gradebook.db\n"


def test_whether_a_worker_can_begin(tmp_path: Path) -> None:
    """Only once there are tables; with --wait it is asked again for so long, and says why not."""
    admin = Terminal(tmp_path / "home")
    with pytest.raises(BadInput, match="has no tables of the gradebook"):
        admin("ready")
    with pytest.raises(BadInput, match="has no tables of the gradebook"):
        admin("ready", "--wait", "0.1")
    admin("init", "--wait", "5")
    assert admin("ready", "--wait", "5") == f"the gradebook is ready: sqlite:///{tmp_path}/home/gradebook.db\n"


def test_a_lab_is_asked_for_with_dates_and_rules(handed_in: Terminal, tmp_path: Path) -> None:
    """Dates are in UTC; one person can have others."""
    assign = ("assign", "math", "tracking", "--lab", "04", "--late", '{"kind": "per_day", "percent": 10}')
    submit = ("submit", "math", "tracking", "ann", tmp_path / "ann.zip")
    handed_in(*assign, "--due", "2026-01-01 12:00", "--closes", "2026-01-02 12:00")
    with pytest.raises(BadInput, match="it closed at 2026-01-02 12:00 UTC"):
        handed_in(*submit)
    assert handed_in(*submit, "--key", "k") == "receipt 1: submission 1, job 1\n"
    handed_in("extend", "math", "tracking", "ann", "--due", "2999-01-01T12:00", "--by", "tess", "--reason", "ill")
    assert handed_in(*submit) == "receipt 2: submission 1, job 1\n"
    with pytest.raises(BadInput, match="there is nothing at"):
        handed_in("submit", "math", "tracking", "ann", tmp_path / "none.zip")


def test_scores_wait_for_what_is_held(handed_in: Terminal) -> None:
    """An assignment made with --hold shows nothing before it is released."""
    handed_in("assign", "math", "tracking", "--lab", "04", "--hold")
    graded(handed_in, FULL)
    assert handed_in("scores", "math") == "student\ttracking\nann\t\nbob\t\n"
    assert handed_in("scores", "math", "--unreleased") == "student\ttracking\nann\t100\nbob\t\n"
    assert handed_in("release", "math", "tracking", "--by", "tess") == "1 result(s) released\n"
    assert handed_in("scores", "math") == "student\ttracking\nann\t100\nbob\t\n"


def test_a_dead_letter_is_shown_and_retried(handed_in: Terminal) -> None:
    """With what went wrong."""
    lease = queue(handed_in).lease("w")
    assert lease is not None
    queue(handed_in).fault(lease, "the lab is broken", final=True)
    assert handed_in("jobs").splitlines() == [
        "waiting 0  leased 0  done 0  dead 1",
        "job 1  submission 1  04-experiment-tracking  tried 1 times: the lab is broken",
    ]
    handed_in("retry", "1", "--by", "tess")
    assert handed_in("jobs") == "waiting 1  leased 0  done 0  dead 0\n"


def test_a_regrade_shows_the_difference_before_it_counts(handed_in: Terminal, lab04: Lab) -> None:
    """Check by check; who asked, and why."""
    graded(handed_in, {"adds": 60})
    asked = ("regrade", "math", "tracking", "--by", "tess", "--reason", "check mended")
    assert handed_in(*asked) == (
        "0 of 1 submission(s) wait to be graded again; the others are graded on this version already\n"
    )
    assert handed_in(*asked, "--again").startswith("1 of 1 ")
    graded(handed_in, FULL, "version-2")
    assert handed_in("attempts", "math", "tracking", "ann").splitlines() == [
        "submission 1  attempt 1  finished  60/100  counts  asked for by ann: handed in",
        "submission 1  attempt 2  finished  100/100  -  asked for by tess: check mended",
        "    earned: 60.0 → 100.0",
        "    lab_version: version-1 → version-2",
        "    means: failed → passed (+40)",
    ]
    assert handed_in("scores", "math") == "student\ttracking\nann\t60\nbob\t\n"
    handed_in("release", "math", "tracking", "--by", "tess")
    assert handed_in("scores", "math") == "student\ttracking\nann\t100\nbob\t\n"
    with pytest.raises(BadInput, match=r"there is no choice some \(all, failed or ours\)"):
        handed_in(*asked, "--which", "some")
