"""What a process that grades for hours keeps of its memory."""

from __future__ import annotations

import gc


def settle() -> None:
    """Have the garbage of gradings collected as it comes. To be called when all is imported and nothing runs yet.

    A kernel's client and its messages hold one another, so only a full collection frees them, and CPython puts that off until a
    quarter as much is new as is old: with 400,000 imported objects for some 1,000 gradings and 250 MiB. What is here now lives
    as long as the process; frozen, it is neither counted nor looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # now the old are none
