"""What a build writes to the engine's disk. The engine limits memory and not that, so we look, and end the step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from grader.backends.docker.engine import ENGINE_ERRORS

if TYPE_CHECKING:
    from docker import APIClient

SECONDS = 1.0
"""Between two looks at a step that runs. What it writes meanwhile comes on top of the limit."""


class Written:
    """The bytes that a build has written: those of the layers that its steps made, and those of the step that runs."""

    def __init__(self, client: APIClient, most: int) -> None:
        self._client, self._most = client, most
        self._size = self._layers = 0
        self._running = ""
        self._looked = threading.Lock()
        self.too_much = False

    def stage_begins(self) -> None:
        """The next layer is the base of a stage: nothing of it was written."""
        self._size = -1

    def step_runs(self, container: str) -> None:
        """A step began in this container."""
        with self._looked:
            self._running = container

    def step_made(self, image: str) -> None:
        """A step ended with this image. An id that is none is ignored: commands of the build can print one."""
        with self._looked:
            self._running = ""
        with suppress(*ENGINE_ERRORS):
            size = int(self._client.inspect_image(image)["Size"])  # type: ignore[no-untyped-call]
            self._layers += max(0, size - self._size) if self._size >= 0 else 0
            self._size = size
        self.too_much = self.too_much or self._layers > self._most

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Until the block ends, look at the step that runs, and kill it when it wrote too much."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), name="written-by-a-build", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(SECONDS):
            with self._looked, suppress(*ENGINE_ERRORS):
                if self._running and self._layers + self._of_container() > self._most:
                    self.too_much = True
                    self._client.kill(self._running)

    def _of_container(self) -> int:
        found = self._client.containers(size=True, filters={"id": self._running})
        return sum(int(one.get("SizeRw", 0)) for one in found)
