"""Single keys from a terminal, without waiting for a line; output stays as it is."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator

Poll = Callable[[], str]
"""The key that was pressed since the last time, or ""."""


@contextlib.contextmanager
def keys() -> Iterator[Poll]:
    """What asks for keys until the block ends, when the terminal is as it was; there are none where there is no terminal."""
    if not sys.stdin.isatty():
        yield lambda: ""
    elif sys.platform == "win32":
        import msvcrt

        yield lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
    else:
        import termios
        import tty

        file = sys.stdin.fileno()
        before = termios.tcgetattr(file)
        try:
            tty.setcbreak(file, termios.TCSADRAIN)  # what was typed already is kept
            yield lambda: os.read(file, 1).decode("ascii", "ignore") if select.select([file], [], [], 0)[0] else ""
        finally:
            termios.tcsetattr(file, termios.TCSADRAIN, before)
