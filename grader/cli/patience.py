"""Says that a long run is still going, so that an endless loop in a cell doesn't look like a command that hangs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from grader.cli.app import say

FIRST_SECONDS, EVERY_SECONDS = 10, 30


@contextlib.contextmanager
def patience(total_seconds: float) -> Iterator[None]:
    """Say after FIRST_SECONDS, and then now and again, how long the work inside has been going and when it is ended."""
    done = threading.Event()
    began = time.monotonic()

    def tell() -> None:
        pause = FIRST_SECONDS
        while not done.wait(pause):
            gone = round(time.monotonic() - began)
            limit = f"the lab's limit is {total_seconds:g} s"
            say(f"still running after {gone} s; {limit}. Code that loops for ever looks like this")
            pause = EVERY_SECONDS

    teller = threading.Thread(target=tell, name="patience", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
