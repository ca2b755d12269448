"""What is garbage goes by itself."""

from __future__ import annotations

import gc
import weakref

from grader.grading import memory


class Grading:
    """Holds itself, as a kernel's client does."""

    def __init__(self) -> None:
        self.messages = [self]


def test_what_a_grading_leaves_is_collected_however_much_was_imported() -> None:
    """Once it has survived some collections only a full one frees it: that comes although nearly all objects are old ones."""
    imported = [[number] for number in range(600_000)]
    gc.collect()
    memory.settle()
    try:
        one = Grading()
        gone = weakref.ref(one)
        meanwhile = [[number] for number in range(80_000)]
        del one
        meanwhile += [[number] for number in range(80_000)]
        assert (gone(), len(imported), len(meanwhile)) == (None, 600_000, 160_000)
    finally:
        gc.unfreeze()
