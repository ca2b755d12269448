"""How a command ended that a sandbox ran for a check."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def _as_tuple(answer: Any) -> Any:
    return tuple(answer) if isinstance(answer, list) else answer  # JSON has no tuples


Ended = Annotated[tuple[int, str], BeforeValidator(_as_tuple)]
"""Its exit code, and what it said: what an examiner's `[code, said]` must be (`returns=Ended`)."""
