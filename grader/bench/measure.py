"""Has the graders work in turns, so that whatever else the machine does meets them all alike."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from grader.bench.driver import Batch, Driver, DriverFailed

SMALL_RUNS = 3
"""A small batch is short, so it is timed this often and its median taken."""


@dataclass
class Measured:
    """What a grader did: its warm-up batch, its timed batches, or why there are none."""

    name: str
    ready: float = 0.0
    warm_up: Batch | None = None
    batches: list[Batch] = field(default_factory=list)
    missing: str = ""


def say(text: str) -> None:
    """Progress goes to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def working(
    names: Sequence[str], starter: Callable[[str], Driver], warm_up: Sequence[str]
) -> Iterator[tuple[dict[str, Driver], dict[str, Measured]]]:
    """Graders that are set up and have graded `warm_up`; they end with the block. One that fails is left out, with why."""
    drivers: dict[str, Driver] = {}
    measured = {name: Measured(name) for name in names}
    try:
        for name in names:
            say(f"setting up {name} …")
            try:
                driver = starter(name)
                drivers[name] = driver
                measured[name].ready, measured[name].warm_up = driver.ready, driver.grade(warm_up)
            except DriverFailed as failure:
                _leave_out(name, failure, drivers, measured)
        yield drivers, measured
    finally:
        for driver in drivers.values():
            driver.close()


def in_turns(drivers: dict[str, Driver], measured: dict[str, Measured], rounds: Sequence[Sequence[str]]) -> None:
    """Every grader grades every round's submissions; who begins changes from round to round."""
    for number, submissions in enumerate(rounds):
        order = list(drivers)
        shift = number % max(1, len(order))
        for name in order[shift:] + order[:shift]:
            try:
                batch = drivers[name].grade(submissions)
            except DriverFailed as failure:
                _leave_out(name, failure, drivers, measured)
                continue
            measured[name].batches.append(batch)
            say(f"round {number + 1} of {len(rounds)}: {name}: {batch.seconds / batch.submissions:.2f} s a submission")


def growth(driver: Driver, small: Sequence[str], large: Sequence[str]) -> float:
    """How many times as long the `large` batch takes as the small one."""
    runs = [driver.grade(small).seconds]
    long = driver.grade(large).seconds
    runs += [driver.grade(small).seconds for _ in range(SMALL_RUNS - 1)]
    return long / statistics.median(runs)


def _leave_out(name: str, failure: DriverFailed, drivers: dict[str, Driver], measured: dict[str, Measured]) -> None:
    say(f"left out: {failure}")
    measured[name].missing = str(failure)
    if name in drivers:
        drivers.pop(name).close()
