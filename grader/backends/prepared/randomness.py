"""Gives a forked process random numbers of its own: a copy would repeat what its siblings drew."""

from __future__ import annotations

import gc
import os
import random
import ssl
import sys
import tempfile


def generators() -> list[random.Random]:
    """Every seeded generator that the imported libraries hold. Call it before `gc.freeze`, which hides them."""
    return [one for one in gc.get_objects() if isinstance(one, random.Random) and not isinstance(one, random.SystemRandom)]


def reseed(known: list[random.Random]) -> None:
    """Seed the generators and all others that are known to survive a fork.

    Process ids repeat from one pid namespace to the next, so what reseeds itself when its process id changes
    (tempfile, OpenSSL) may not notice.
    """
    for generator in known:
        generator.seed()
    random.seed()
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    ssl.RAND_add(os.urandom(32), 32.0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "uuid" in sys.modules:
        for name in ("_node", "_last_timestamp"):
            setattr(sys.modules["uuid"], name, None)
