"""What a learner did, as an append-only record: one JSON object a line, so that nothing is ever lost by a later write."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from grader.errors import BadInput

SCHEMA = 1


class Record:
    """The events of one learner on this machine."""

    def __init__(self, home: Path) -> None:
        self._file = home / "record.jsonl"

    def add(self, event: str, lab: str, **details: Any) -> None:
        """Append an event."""
        line = json.dumps({"schema": SCHEMA, "time": round(time.time(), 3), "event": event, "lab": lab, **details})
        with self._locked():
            self._append([line])

    def lines(self) -> list[str]:
        """The events as they are kept, those that can't be read left out."""
        if not self._file.exists():
            return []
        return [line for line in self._file.read_text(encoding="utf-8", errors="replace").splitlines() if _event(line)]

    def merge(self, lines: Iterable[str]) -> int:
        """Append the events of another record that this one lacks, and return how many there were.

        Raises BadInput when a line is no event of a record; nothing was added then.
        """
        given = [line for line in lines if line.strip()]
        for number, line in enumerate(given, 1):
            event = _event(line)
            if event is None or event.get("schema") != SCHEMA:
                raise BadInput(f"line {number} is no event of a record", "name the file that `mlops export` wrote")
            if not _plausible(event):
                said = f"{event.get('earned', event.get('score'))} of {event['possible']} points"
                raise BadInput(
                    f"line {number} says {said}, which no check can give", "name the file as `mlops export` wrote it"
                )
        with self._locked():
            known = {json.dumps(_event(line), sort_keys=True) for line in self.lines()}
            new = [line for line in dict.fromkeys(given) if json.dumps(_event(line), sort_keys=True) not in known]
            self._append(new)
        return len(new)

    def _locked(self) -> FileLock:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._file.with_suffix(".lock"))

    def _append(self, lines: Iterable[str]) -> None:
        with self._file.open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # the line before was left half written; this one must not become part of it
                    file.write(b"\n")
            for line in lines:
                file.write(line.encode() + b"\n")

    def events(self, event: str = "", lab: str = "") -> Iterator[dict[str, Any]]:
        """The events in order, those of one kind or lab where named. A line that can't be read is passed over."""
        for entry in sorted(filter(None, map(_event, self.lines())), key=_time):
            if (not event or entry.get("event") == event) and (not lab or entry.get("lab") == lab):
                yield entry

    def last(self, event: str, lab: str = "") -> dict[str, Any] | None:
        """The latest event of a kind, or None."""
        found = None
        for entry in self.events(event, lab):
            found = entry
        return found


def _event(line: str) -> dict[str, Any] | None:
    """The line's event; None for what is none (a write that a power cut left half done)."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and entry else None


def _plausible(event: dict[str, Any]) -> bool:
    """Whether the points of an event, where it has any, are numbers from nothing to what is possible."""
    if "possible" not in event:
        return True
    earned, possible = event.get("earned", event.get("score")), event["possible"]
    numbers = [p for p in (earned, possible) if isinstance(p, int | float) and not isinstance(p, bool)]
    return len(numbers) == 2 and 0 <= numbers[0] <= numbers[1]


def _time(entry: dict[str, Any]) -> float:
    when = entry.get("time")
    return float(when) if isinstance(when, int | float) else 0.0
