"""What happens in a run, and what came of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

Kind = Literal["worker", "server", "client", "sandbox", "service", "database"]
KINDS: tuple[Kind, ...] = ("worker", "server", "client", "sandbox", "service", "database")
"""What is killed: a process that grades; the one that takes in over HTTP; one that hands in; a container that student code
runs in; all processes of MLflow, S3 or PostgreSQL, as the lab uses them; all processes of the gradebook's database."""
SHARES: dict[Kind, int] = {"worker": 20, "server": 20, "client": 10, "sandbox": 25, "service": 15, "database": 10}
"""Of a hundred kills."""


@dataclass(frozen=True)
class Plan:
    """Times are in seconds."""

    submissions: int = 500
    rounds: int = 200
    workers: int = 2
    jobs: int = 1
    """That a worker does side by side."""
    clients: int = 3
    pause: tuple[float, float] = (1.0, 5.0)
    """Between two kills."""
    pace: float = 4.0
    """Between two submissions of a client."""
    seed: int = 1
    order: tuple[Kind, ...] = ()
    """What is killed in the first rounds; then it is drawn."""
    seconds: float = 1500.0
    """After which nothing more is killed, nor handed in: what was acknowledged by then is graded, and counted."""


@dataclass
class Report:
    """What was counted; `wrong` holds a sentence for everything that must not be."""

    submissions: int = 0
    """That were planned."""
    acknowledged: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    """Processes that ended by themselves (a database that was away when they began), and were started again."""
    leases: int = 0
    leases_ended: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    """Attempts and leases that were charged to us, by what was recorded."""
    dead_letters_retried: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=1)
