"""What all drivers share: a grader is set up once, then handed one batch of submissions after another.

A driver runs in its grader's own environment, so this module imports nothing but the standard library and psutil. Only
the grading itself is timed: neither the interpreter's start nor the set-up counts against a grader.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import psutil

Mark = dict[str, Any]
"""What a grader says of one submission: `points` by check (None: it gave no mark), `note`, and `phases` in seconds."""


class Grader(Protocol):
    """A grader that is ready to work."""

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """The marks of the students' folders `submissions`, by folder."""

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by part."""

    def close(self) -> None:
        """End all that was started."""


def own_cpu() -> dict[str, float]:
    """CPU seconds of this process, and of its children that have ended (a kernel is one)."""
    times = os.times()
    return {"grader": times.user + times.system, "sandboxes": times.children_user + times.children_system}


def mark(points: dict[str, float] | None, note: str = "", phases: dict[str, float] | None = None) -> Mark:
    """One submission's mark."""
    return {"points": points, "note": note, "phases": phases or {}}


def serve(make: Callable[[], Grader]) -> None:
    """Set the grader up, say so, and answer each batch until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    requests, replies = _pipes()

    def say(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    started = time.monotonic()
    grader = make()
    try:
        say({"ready": time.monotonic() - started})
        for line in requests:
            say(_batch(grader, json.loads(line)["submissions"]))
    finally:
        grader.close()


def _batch(grader: Grader, submissions: list[str]) -> dict[str, Any]:
    before, started = grader.cpu(), time.monotonic()
    marks = grader.grade(submissions)
    seconds, after = time.monotonic() - started, grader.cpu()
    cpu = {part: after[part] - before.get(part, 0.0) for part in after}
    return {"seconds": seconds, "cpu": cpu, "memory_mb": psutil.Process().memory_info().rss / 2**20, "marks": marks}


def _pipes() -> tuple[Any, Any]:
    """Standard input and output, taken away from whatever the grader and the students' code print and read."""
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies
