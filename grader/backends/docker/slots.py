"""The host containers of this process: as many as sandboxes were ever open at once, handed out one sandbox at a time."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING

from grader.backends.docker.slot import Kind, Slot
from grader.backends.prepared.environment import CannotPrepare

if TYPE_CHECKING:
    from docker import APIClient

    from grader.backends.protocol import Environment

MAX_IDLE = 8
"""Host containers that may wait for work; the one that has waited longest goes first."""
log = logging.getLogger(__name__)


class Slots:
    """A pool. May be used by many threads; what it holds ends with it, or with this process."""

    def __init__(self, client: APIClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._idle: list[Slot] = []
        self._refused: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._finalizer = weakref.finalize(self, _close, self._idle)

    def take(self, kind: Kind, environment: Environment) -> Slot:
        """A slot for one sandbox. Raises SandboxFailed, or CannotPrepare where there can be none."""
        what = (kind.image, kind.modules, kind.warm_up)
        with self._lock:
            if what in self._refused:
                raise CannotPrepare(self._refused[what])
            for slot in reversed(self._idle):
                if slot.kind == kind and slot.usable:
                    self._idle.remove(slot)
                    return slot
        try:
            return Slot(self._client, kind, environment)
        except CannotPrepare as why:
            with self._lock:
                first = what not in self._refused
                self._refused[what] = str(why)
            if first:
                log.warning(
                    "no prepared sandboxes for environment %s, each grading imports its libraries anew: %s",
                    environment.spec.id, why,
                )  # fmt: skip
            raise

    def give_back(self, slot: Slot) -> None:
        """Its sandbox is gone, and it may have another."""
        with self._lock:
            self._idle.append(slot)
            surplus = [one for one in self._idle if not one.usable] or self._idle[:-MAX_IDLE]
            for one in surplus:
                self._idle.remove(one)
        _close(surplus)


def _close(slots: list[Slot]) -> None:
    for slot in slots:
        slot.close()
