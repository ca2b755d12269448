"""What a worker says: sentences for a person, or one JSON object a line for a machine that collects them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from grader.result import printable

Log = Callable[[str, str, dict[str, object]], None]
"""Takes an event's name, its sentence, and what it is about (job, submission, lab, outcome …)."""
FAULTS = ("fault", "away", "unwritten", "unread")
"""Events that somebody should look at."""


def sentences(say: Callable[[str], None]) -> Log:
    """The sentences alone."""
    return lambda _, sentence, __: say(sentence)


def objects(say: Callable[[str], None], worker: str) -> Log:
    """An object a line: `time` (UTC), `level`, `event`, `worker`, `message`, and what it is about."""

    def log(event: str, sentence: str, about: dict[str, object]) -> None:
        level = "warning" if event in FAULTS else "info"
        head = {"time": datetime.now(UTC).isoformat(), "level": level, "event": event, "worker": worker}
        say(json.dumps({**head, "message": printable(sentence), **about}, default=str, ensure_ascii=False))

    return log
