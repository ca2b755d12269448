"""Shapes of answers for which JSON has no word (`lab.call(…, returns=Ended)`)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def _as_tuple(answer: Any) -> Any:
    return tuple(answer) if isinstance(answer, list) else answer  # JSON has no tuples


Ended = Annotated[tuple[int, str], BeforeValidator(_as_tuple)]
"""How a command ended: its exit code, and what it said."""
Pair = Annotated[tuple[int, int], BeforeValidator(_as_tuple)]
"""Two whole numbers."""
