"""What a learner did, as an append-only record: one JSON object a line, so that nothing is ever lost by a later write."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

SCHEMA = 1


class Record:
    """The events of one learner on this machine."""

    def __init__(self, home: Path) -> None:
        self._file = home / "record.jsonl"

    def add(self, event: str, lab: str, **details: Any) -> None:
        """Append an event."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"schema": SCHEMA, "time": round(time.time(), 3), "event": event, "lab": lab, **details})
        with FileLock(self._file.with_suffix(".lock")), self._file.open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # the line before was left half written; this one must not become part of it
                    file.write(b"\n")
            file.write(line.encode() + b"\n")

    def events(self, event: str = "", lab: str = "") -> Iterator[dict[str, Any]]:
        """The events in order, those of one kind or lab where named. A line that can't be read is passed over."""
        if not self._file.exists():
            return
        for line in self._file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # a write that a power cut left half done
            if not isinstance(entry, dict):
                continue
            if (not event or entry.get("event") == event) and (not lab or entry.get("lab") == lab):
                yield entry

    def last(self, event: str, lab: str = "") -> dict[str, Any] | None:
        """The latest event of a kind, or None."""
        found = None
        for entry in self.events(event, lab):
            found = entry
        return found
