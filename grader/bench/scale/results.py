"""The figures of the last run that was kept, and the page that has tables of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.bench.scale import tables
from grader.bench.scale.step import Measured
from grader.bench.table import marks, rewritten

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "grade-a-university.md"
MARKS = marks("capacity", "python -m grader.bench.scale --keep")


@dataclass(frozen=True)
class Results:
    """What is kept: see `step.Measured` and `load.Load`."""

    at: str
    nodes: int
    lease: int
    """Seconds of a node's."""
    idle: dict[str, Any]
    """The load of the nodes alone."""
    alone: list[dict[str, Any]]
    """The queue without pods."""
    ladder: list[dict[str, Any]]
    whole: dict[str, Any]

    @classmethod
    def of(
        cls, nodes: int, lease: int, idle: dict[str, Any], alone: Sequence[Measured], ladder: Sequence[Measured],
        whole: Measured,
    ) -> Results:  # fmt: skip
        """Of now."""
        at, steps = f"{datetime.now(UTC):%Y-%m-%d %H:%M}", [asdict(step) for step in ladder]
        return cls(at, nodes, lease, idle, [asdict(step) for step in alone], steps, asdict(whole))

    def __str__(self) -> str:
        return tables.made(asdict(self))


def keep(found: Results) -> None:
    """Write the figures, and the page's part anew."""
    RESULTS.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), MARKS, str(kept())), encoding="utf-8")


def kept() -> Results:
    """The last ones."""
    return Results(**json.loads(RESULTS.read_text(encoding="utf-8")))
