"""What a build writes to the engine's disk. The engine limits memory and not that, so we look, and end the step.

Which containers and layers a build has, its own lines tell, and its commands may print such lines, too. So all that counts here
is what the engine says of an id: a container is the build's only in the build's network, and what a layer added is the
difference to its parent. A line that was made up adds to what was written, and hides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from docker.errors import NotFound

from grader.backends.docker.engine import ENGINE_ERRORS

if TYPE_CHECKING:
    from docker import APIClient

SECONDS = 1.0
"""Between two looks at the steps that run. What they write meanwhile comes on top of the limit."""


def is_of(client: APIClient, container: str, wheels: str) -> bool:
    """Whether this is a container of a build in the network of the container that serves wheels."""
    try:
        return bool(client.inspect_container(container)["HostConfig"]["NetworkMode"] == f"container:{wheels}")
    except NotFound:
        return False


class Written:
    """The bytes that a build has written: in the containers of its steps, and by copies, which have none."""

    def __init__(self, client: APIClient, most: int) -> None:
        self._client, self._most = client, most
        self._layers, self._containers = dict[str, int](), set[str]()
        self._lock = threading.Lock()
        self.too_much = False

    def step_runs(self, container: str) -> None:
        """A step began in this container of the build."""
        with self._lock:
            self._containers.add(container)

    def step_made(self, image: str) -> None:
        """A step ended with this image, or began from it."""
        if image not in self._layers:
            self._layers[image] = self._added(image)
            self.too_much = self.too_much or self.in_layers > self._most

    @property
    def in_layers(self) -> int:
        """What the steps that ended left, in bytes."""
        return sum(self._layers.values())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Until the block ends, look at what the steps write, and kill them when it is too much."""
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
            with self._lock:
                containers = sorted(self._containers)
            with suppress(*ENGINE_ERRORS):  # one that ended meanwhile, or an engine whose end the build itself will notice
                if containers and self._in(containers) > self._most:
                    self.too_much = True
                    for container in containers:
                        with suppress(*ENGINE_ERRORS):  # only the last one runs
                            self._client.kill(container)

    def _in(self, containers: list[str]) -> int:
        found = self._client.containers(all=True, size=True, filters={"id": containers})
        return sum(int(one.get("SizeRw", 0)) for one in found)

    def _added(self, image: str) -> int:
        """By its last layer; nothing by a base, or by what is no image."""
        with suppress(*ENGINE_ERRORS):
            made = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
            if made["Parent"]:
                return int(made["Size"]) - int(self._client.inspect_image(made["Parent"])["Size"])  # type: ignore[no-untyped-call]
        return 0
