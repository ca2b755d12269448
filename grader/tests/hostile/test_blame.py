"""What breaks under a run is ours: it is retried a few times, reported as ours, gives and takes no points, and heals."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.course.tree import Lab
from grader.grading.grade import BACKOFF_SECONDS, TRIES, grade
from grader.services import mlflow_api
from grader.spec.sample import Outcome
from grader.tests.hostile.arena import Arena, Graded, Opened
from grader.tests.hostile.case import base, full, sealed

pytestmark = [pytest.mark.services, pytest.mark.docker]
SIGN = "loot.txt"
"""The file by which a cell says that it runs."""
LONGEST = 60
"""Seconds that a try may take: a service that doesn't answer is given up on, some time."""
WAITING = """
import os, time
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
open("loot.txt", "w").write("running")
for _ in range(80):
    time.sleep(0.1)
    mlflow.get_experiment_by_name(experiment)
"""


@dataclass
class Outage:
    """A grading during which something of ours was taken away."""

    graded: Graded
    broken: int
    seconds: float


def _submission(lab: Lab, code: str = WAITING) -> Any:
    notebook = base(lab, "light")
    for cell in notebook.cells:
        if cell["id"] == "tracked-run":
            cell.source = code
    return sealed("waits", notebook)


def _during(arena: Arena, lab: Lab, break_it: Callable[[Opened], None], times: int = 1, look: bool = True) -> Outage:
    """Grade a submission that waits, and break something each of the first `times` times that its cell runs."""
    broken: list[Opened] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1) and len(broken) < times:
            for opened in [one for several in list(arena.watched.opened.values()) for one in several]:
                if opened not in broken and opened not in before and _runs(opened):
                    broken.append(opened)
                    break_it(opened)

    before = [one for several in arena.watched.opened.values() for one in several]
    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    try:
        graded = arena.grade(lab, _submission(lab), "outage", look=look)
    finally:
        over.set()
        watcher.join()
    return Outage(graded, len(broken), time.monotonic() - started)


def _runs(opened: Opened) -> bool:
    try:
        return opened.sandbox.read(SIGN, 100) == b"running"
    except (OSError, ValueError):
        return False


def _kill_service(arena: Arena, name: str) -> None:
    arena.watched._client.kill(arena.stack.running()[name].handle["container"])


def _verdict(outage: Outage) -> tuple[Outcome, float, set[str]]:
    result = outage.graded.result
    return result.outcome, result.earned, {check.status for check in result.checks}


@pytest.mark.parametrize("service", ["mlflow", "s3"])
def test_a_service_that_dies_once_costs_nothing(service: str, arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """The next try brings it up again and ends as if there had been no first; so does the next grading."""
    arena = arenas("docker")
    try:
        outage = _during(arena, lab04, lambda _: _kill_service(arena, service), look=False)
        result = outage.graded.result
        marks = {check.id: check.earned for check in result.checks}
        assert (result.outcome, marks, outage.broken) == ("finished", full(lab04, "light"), 1)
        assert BACKOFF_SECONDS * 2 < outage.seconds < LONGEST
    finally:
        arena.restart(lab04.spec.services)
    healed = arena.grade(lab04, sealed("healed", base(lab04, "light")), "healed")
    earned = {check.id: check.earned for check in healed.result.checks}
    assert (healed.result.outcome, earned, healed.leftovers) == ("finished", full(lab04, "light"), [])


def test_a_service_that_dies_each_time_is_ours(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """service_failed after exactly the promised tries, with backoff, and no mark; the next grading is as ever."""
    arena = arenas("docker")
    try:
        outage = _during(arena, lab04, lambda _: _kill_service(arena, "mlflow"), TRIES, look=False)
        assert (*_verdict(outage), outage.broken) == ("service_failed", 0.0, {"not_run"}, TRIES)
        assert BACKOFF_SECONDS * 2 < outage.seconds < LONGEST * TRIES
    finally:
        arena.restart(lab04.spec.services)
    assert arena.grade(lab04, sealed("healed", base(lab04, "light")), "healed").result.outcome == "finished"


def test_a_sandbox_that_is_taken_away_each_time_is_ours(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """sandbox_failed after exactly the promised tries, and nothing is left of any of them."""
    arena = arenas("docker")
    outage = _during(arena, lab04, lambda opened: _take_away(arena, opened), TRIES)
    assert (*_verdict(outage), outage.broken) == ("sandbox_failed", 0.0, {"not_run"}, TRIES)
    assert outage.graded.leftovers == []


def test_a_sandbox_that_is_taken_away_once_costs_nothing(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """The second try ends as if there had been no first."""
    arena = arenas("docker")
    outage = _during(arena, lab04, lambda opened: _take_away(arena, opened))
    earned = {check.id: check.earned for check in outage.graded.result.checks}
    assert (outage.graded.result.outcome, earned, outage.broken) == ("finished", full(lab04, "light"), 1)
    assert outage.graded.leftovers == []


@pytest.mark.parametrize(("times", "outcome"), [(1, "finished"), (TRIES, "service_failed")], ids=["once", "each-time"])
def test_a_network_that_drops_and_stays_away_is_ours(
    arenas: Callable[[str], Arena], lab04: Lab, monkeypatch: pytest.MonkeyPatch, times: int, outcome: Outcome
) -> None:
    """A service that is there and answers nobody any more is replaced for the next try; no learner is told that the cell was
    too slow."""
    arena = arenas("docker")
    client = arena.watched._client
    monkeypatch.setattr(mlflow_api, "TIMEOUT_SECONDS", (3.05, 5))  # the same way in less time
    limits = lab04.spec.limits.model_copy(update={"cell_seconds": 20})
    impatient = dataclasses.replace(lab04, spec=lab04.spec.model_copy(update={"limits": limits}))

    def drop(_: Opened) -> None:
        client.pause(arena.stack.running()["mlflow"].handle["container"])

    try:
        outage = _during(arena, impatient, drop, times, look=False)
    finally:
        arena.restart(lab04.spec.services)
    assert (outage.graded.result.outcome, outage.broken) == (outcome, times)
    marks = full(lab04, "light") if outcome == "finished" else dict.fromkeys(full(lab04, "light"), 0.0)
    assert {check.id: check.earned for check in outage.graded.result.checks} == marks
    assert outage.seconds < LONGEST * TRIES


def test_a_network_that_drops_for_a_moment_costs_nothing(arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """What was asked meanwhile is answered late."""
    arena = arenas("docker")
    client, container = arena.watched._client, arena.running["mlflow"].handle["container"]

    def blink(_: Opened) -> None:
        client.pause(container)
        time.sleep(2)  # that is the outage
        client.unpause(container)

    outage = _during(arena, lab04, blink)
    earned = {check.id: check.earned for check in outage.graded.result.checks}
    assert (outage.graded.result.outcome, earned, outage.broken) == ("finished", full(lab04, "light"), 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of the grader's own with room for next to nothing."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("this user can't mount a small disk")
        pytest.skip("this user can't mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_of_the_grader_is_ours(small_disk: Path, arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """grader_failed after the promised tries, no points given or taken, no half result kept; with room again, as ever."""
    arena = arenas("docker")
    (small_disk / "filling").write_bytes(b"x" * 60_000)
    place = dataclasses.replace(arena.place, evidence=small_disk)
    submission = sealed("honest", base(lab04, "light"))
    result = grade(lab04, submission, place)
    assert (result.outcome, result.earned, {check.status for check in result.checks}) == ("grader_failed", 0.0, {"not_run"})
    assert "No space left on device" in result.detail
    assert list(small_disk.rglob("result.json")) == []
    healed = grade(lab04, submission, arena.place)
    assert (healed.outcome, {check.id: check.earned for check in healed.checks}) == ("finished", full(lab04, "light"))


def _take_away(arena: Arena, opened: Opened) -> None:
    """Kill the container that holds the sandbox, its own or the one that is prepared for several, from outside."""
    box: Any = opened.sandbox
    holder = box if hasattr(box, "_container") else box._slot
    arena.watched._client.kill(holder._container)
