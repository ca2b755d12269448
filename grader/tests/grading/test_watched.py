"""A run whose service has died is interrupted, and one whose services live is left alone."""

from __future__ import annotations

import threading
from typing import Any, cast

from grader.errors import ServiceFailed
from grader.grading.watched import watched


class Interrupted:
    """Counts its interrupts; all that is asked of a sandbox here."""

    def __init__(self, wanted: int) -> None:
        self.times, self._wanted, self.enough = 0, wanted, threading.Event()

    def interrupt(self) -> None:
        self.times += 1
        if self.times >= self._wanted:
            self.enough.set()


def test_a_run_without_its_services_is_interrupted_again_and_again() -> None:
    """Also when they answer again: the run began with others. Nothing is raised, and nothing comes after the block."""
    box, answers = Interrupted(wanted=3), iter([ServiceFailed("gone")])

    def demand() -> None:
        for fault in answers:
            raise fault

    with watched(demand, cast("Any", box), seconds=0.01):
        assert box.enough.wait(60)
    assert not any(thread.name == "services" for thread in threading.enumerate())


def test_a_run_whose_services_live_is_left_alone() -> None:
    """However often they are asked."""
    box, asked, often = Interrupted(wanted=1), list[int](), threading.Event()

    def demand() -> None:
        asked.append(1)
        if len(asked) > 5:
            often.set()

    with watched(demand, cast("Any", box), seconds=0.01):
        assert often.wait(60)
    assert box.times == 0
