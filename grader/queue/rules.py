"""The queue's rules: how long a lease lasts, how often and when something is tried again, who comes first."""

from __future__ import annotations

from dataclasses import dataclass

LEARNER_WAITS, REGRADE = 0, 10
"""Priorities: the lower number goes first."""


@dataclass(frozen=True)
class Rules:
    """Times are in seconds."""

    lease: float = 60.0
    """A worker that hasn't been heard of for so long has lost what it held."""
    heartbeat: float = 15.0
    tries: int = 4
    """How often a job is leased before it is a dead letter: only our faults bring it back."""
    backoff: float = 2.0
    longest_backoff: float = 300.0

    def wait(self, tries: int) -> float:
        """How long to wait after the so manieth try failed: twice as long each time."""
        return float(min(self.backoff * 2 ** (tries - 1), self.longest_backoff))
