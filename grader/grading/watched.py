"""A run whose services die under it is told so at once: clients in it would knock at the closed door for a minute."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from grader.backends.protocol import Sandbox
from grader.errors import OurFault

SECONDS = 2.0
"""Between two looks, and then between two interrupts."""


@contextlib.contextmanager
def watched(demand: Callable[[], None], sandbox: Sandbox, seconds: float = SECONDS) -> Iterator[None]:
    """While the block runs: once `demand` raises OurFault, whatever the sandbox's kernel does is interrupted again and again.

    Nothing is raised here: whoever judges the run asks `demand` itself.
    """
    over = threading.Event()

    def watch() -> None:
        failed = False
        while not over.wait(seconds):
            if not failed:
                try:
                    demand()
                except OurFault:
                    failed = True
            if failed:
                sandbox.interrupt()

    thread = threading.Thread(target=watch, name="services", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
