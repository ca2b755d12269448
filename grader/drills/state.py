"""What a drill under way remembers between commands: kept in the grader's home, where no fix of the learner's reaches."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grader.drills.access import Key


@dataclass
class State:
    """A drill that was started and not stopped."""

    drill: str
    folder: str
    started: float
    """When, in seconds since the epoch."""
    variables: dict[str, str]
    """Of the learner's shell."""
    ports: dict[str, int]
    """Where each service listened then: it must come back there, for addresses are in the learner's files."""
    operator: Key | None = None
    neighbour: Key | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What `inject` found and the checks compare with."""


class Shelf:
    """The states of all drills under way."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "drills"

    def read(self, drill: str) -> State | None:
        """The state, or None when the drill isn't under way (or its file is damaged: then it starts anew)."""
        try:
            raw = json.loads(self._file(drill).read_text(encoding="utf-8"))
            keys = {name: Key(**raw[name]) if raw[name] else None for name in ("operator", "neighbour")}
            return State(**{**raw, **keys})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, state: State) -> None:
        """Keep it; it holds credentials, so only its owner may read it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file(state.drill).with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
        new.replace(self._file(state.drill))

    def forget(self, drill: str) -> None:
        """Drop it."""
        self._file(drill).unlink(missing_ok=True)

    def under_way(self) -> list[State]:
        """All of them, the one started last at the end."""
        found = [self.read(file.stem) for file in sorted(self._folder.glob("*.json"))]
        return sorted((state for state in found if state), key=lambda state: state.started)

    def remove_folder(self, state: State) -> None:
        """Remove the learner's folder of a drill."""
        shutil.rmtree(state.folder, ignore_errors=True)

    def _file(self, drill: str) -> Path:
        return self._folder / f"{drill}.json"
