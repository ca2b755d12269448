"""What a look at the cluster came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One row of what the doctor says."""

    what: str
    good: bool
    detail: str
    """What was found; where it isn't good, also what to do."""
    needed: bool = True
    """Whether nothing is graded without it; else it only makes something better."""
