"""What a build writes to the engine's disk. The engine limits memory and not that, so we look: while a command runs, and before
an image is made of what it left.

Bytes are counted as the engine does, a file with holes by its length, for so much is written when a layer is made of it. The
engine counts no files. What our own container sees of the disk tells that many were made, and then the command's are listed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from grader.backends.containment import MIB
from grader.backends.docker.engine import ENGINE_ERRORS

if TYPE_CHECKING:
    from docker import APIClient

SECONDS = 1.0
"""Between two looks at a command that runs. What it writes meanwhile comes on top of the limit."""
MOST_FILES = 100_000
"""Made by one command."""
COUNT = ("stat", "--file-system", "--format=%d", "/")
"""Prints how many files there is still room for."""


class Written:
    """What a build has written: in layers, and in the container of the command that runs."""

    def __init__(self, client: APIClient, most: int) -> None:
        """`most` bytes, of the whole build."""
        self._client, self._most = client, most
        self._layers: dict[str, int] = {}
        self.total = 0
        """In bytes, when it was last looked at."""
        self.too_much = ""
        """What there is too much of, for whoever wrote the Dockerfile; "" as long as there isn't."""

    def layer(self, image: str) -> None:
        """A step ended with this image, or began from it."""
        if image not in self._layers:
            self._layers[image] = self._added(image)
            self._judge(self.in_layers)

    @property
    def in_layers(self) -> int:
        """What the steps that ended left, in bytes."""
        return sum(self._layers.values())

    @contextmanager
    def watched(self, container: str, ours: str) -> Iterator[None]:
        """Until the block ends, look at what this container's command writes, and kill it when it is too much; at the end look
        once more. `ours` is a container of ours on the same disk."""
        done, room = threading.Event(), self._room(ours)
        watch = threading.Thread(target=self._watch, args=(done, container, ours, room), name="written-by-a-build", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
        self._look(container, ours, room)

    def _watch(self, done: threading.Event, container: str, ours: str, room: int) -> None:
        while not done.wait(SECONDS):
            with suppress(*ENGINE_ERRORS):  # an engine whose end the build itself will notice
                self._look(container, ours, room)
                if self.too_much:
                    self._client.kill(container)
                    return

    def _look(self, container: str, ours: str, room: int) -> None:
        found = self._client.containers(all=True, size=True, filters={"id": container})
        self.total = self.in_layers + sum(int(one.get("SizeRw", 0)) for one in found)
        self._judge(self.total)
        if room - self._room(ours) > MOST_FILES and len(self._client.diff(container) or []) > MOST_FILES:  # or it was another's
            self.too_much = self.too_much or f"more than {MOST_FILES} files with one command (make fewer)"

    def _judge(self, size: int) -> None:
        if size > self._most:
            self.too_much = f"more than {self._most // MIB} MiB (install less, or remove it in the same step)"

    def _room(self, ours: str) -> int:
        """How many files there is room for; 0 where the disk has no such limit, or nobody tells."""
        asked = self._client.exec_create(ours, list(COUNT))
        told = self._client.exec_start(asked["Id"])
        return int(told) if told.strip().isdigit() else 0

    def _added(self, image: str) -> int:
        """By its last layer; nothing by a base."""
        with suppress(*ENGINE_ERRORS):
            made = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
            if made["Parent"]:
                return int(made["Size"]) - int(self._client.inspect_image(made["Parent"])["Size"])  # type: ignore[no-untyped-call]
        return 0
