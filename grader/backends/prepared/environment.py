"""What an environment's author says of its preparation, and why there may be none."""

from __future__ import annotations

from contextlib import suppress

from grader.backends.protocol import Environment

WARM_UP = "warm_up.py"
"""Beside `environment.yaml`, if there: runs once in a throw-away sandbox, to find what libraries import late."""


class CannotPrepare(Exception):
    """Prepared sandboxes can't be had here for this environment, and won't be at the next try: the message says why."""


def to_import(environment: Environment) -> tuple[tuple[str, ...], str]:
    """The modules to import, and the source of the warm-up (empty where there is none)."""
    source = ""
    with suppress(FileNotFoundError):
        source = (environment.folder / WARM_UP).read_text(encoding="utf-8")
    return environment.spec.preload, source
