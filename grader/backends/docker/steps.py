"""What the steps of builds made: found again by later builds, and removed when it is of no more use.

Images with somebody's files, or with much in them, go with the last builder on the engine, and not with the one that made them:
another may build on them. While there are builders, those go that no build has used for an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from grader.backends.containment import KIND
from grader.backends.docker.containers import remove
from grader.backends.docker.engine import ENGINE_ERRORS

if TYPE_CHECKING:
    from docker import APIClient

STEPS = "mlops-course/build-step"
"""Tags of what holds somebody's files, or much."""
KEPT = "mlops-course/build-cache"
"""Tags of what other commands made: wheels of the course, as a rule."""
LAST_KEPT = 20
"""Of the latter, when nobody builds any more: those used last."""
UNUSED = timedelta(hours=1)
"""Longer than any run."""
TIDY_SECONDS = 600.0
"""Between two looks for what nobody uses."""


class Steps:
    """The images of an engine's builds. May be used by many threads and processes."""

    def __init__(self, client: APIClient) -> None:
        self._client, self._lock = client, threading.Lock()
        self._tidied = time.monotonic()

    def known(self, tag: str) -> str:
        """The image that the command of this tag made before; "" when there is none."""
        for repository in (STEPS, KEPT):
            with suppress(ImageNotFound):
                image = self._client.inspect_image(f"{repository}:{tag}")["Id"]  # type: ignore[no-untyped-call]
                self._client.tag(image, repository, tag)  # used now
                return str(image)
        return ""

    def used(self, layers: Iterable[str]) -> None:
        """A build used these images, which hold somebody's files; commands' have their tags. Never raises."""
        for layer in layers:
            with suppress(*ENGINE_ERRORS):
                tags = self._client.inspect_image(layer)["RepoTags"] or []  # type: ignore[no-untyped-call]
                if tags in ([], [f"{STEPS}:{layer}"]):  # with two tags it could not be removed
                    self._client.tag(layer, STEPS, layer)

    def tidy(self) -> None:
        """Now and then, remove what no build has used for long. Never raises."""
        with self._lock:
            if time.monotonic() - self._tidied < TIDY_SECONDS:
                return
            self._tidied = time.monotonic()
        before = datetime.now(UTC) - UNUSED
        with suppress(*ENGINE_ERRORS):
            self._remove({image for image in self._tagged(STEPS) if self._last_used(image) < before})

    def clear(self) -> None:
        """Nobody builds any more. Remove all but the commands used last, and what killed builders left."""
        last = sorted(self._tagged(KEPT), key=self._last_used, reverse=True)
        gone, found = set(last[LAST_KEPT:]), self._client.images(all=True)
        while more := {str(image["Id"]) for image in found if image["ParentId"] in gone} - gone:
            gone |= more
        gone |= self._tagged(STEPS)
        for image in gone:
            for container in self._client.containers(all=True, filters={"ancestor": image}):
                if container["Labels"].get(KIND) != "service":
                    remove(self._client, container["Id"])
        self._remove(gone)

    def _tagged(self, repository: str) -> set[str]:
        return {str(image["Id"]) for image in self._client.images(repository)}

    def _last_used(self, image: str) -> datetime:
        """When it was made, or found again."""
        details = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
        return datetime.fromisoformat(str(details["Metadata"]["LastTagTime"]))

    def _remove(self, images: set[str]) -> None:
        while stay := {image for image in images if not self._removed(image)}:
            if stay == images:  # somebody builds on them, or made a container of one, just now
                return
            images = stay

    def _removed(self, image: str) -> bool:
        """Whether it is gone; the engine refuses while another image stands on it, or somebody else's tag is on it."""
        try:
            self._client.remove_image(image, noprune=True)
        except ImageNotFound:
            return True
        except ENGINE_ERRORS:
            return False
        return True
