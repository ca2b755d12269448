"""What a stack remembers on disk between commands: what runs where, its secrets, and who uses it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from grader.backends.protocol import Address, Running


@dataclass
class StackState:
    """One instance of services on one backend."""

    kept: bool = False
    """Whether `mlops start` asked for it to stay up."""
    users: list[tuple[int, float]] = field(default_factory=list)
    """Processes that use it now: id and start time."""
    running: dict[str, Running] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)


def read(file: Path) -> StackState:
    """The state on disk; an empty one where there is none or it can't be read."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        running = {name: _running(value) for name, value in raw["running"].items()}
        return StackState(raw["kept"], [(pid, started) for pid, started in raw["users"]], running, raw["secrets"])
    except (OSError, ValueError, KeyError, TypeError):
        return StackState()


def write(file: Path, state: StackState) -> None:
    """Replace the state on disk in one step; only its owner may read it, for it holds secrets."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    new.replace(file)


def alive(pid: int, started: float) -> bool:
    """Whether the process with this id and start time (seconds since the epoch) still runs."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _running(raw: dict[str, Any]) -> Running:
    addresses = {key: {name: Address(**at) for name, at in raw[key].items()} for key in ("ports", "internal")}
    return Running(raw["service"], raw["endpoint"], **addresses, handle=raw["handle"])
