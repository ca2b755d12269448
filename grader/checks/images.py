"""Images built from what was handed in, as a check asks for them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping

from grader.backends.protocol import BuildFailed, BuildRequest, BuiltImage, RunningImage
from grader.checks.expect import Fail
from grader.services.registry_questions import RegistryQuestions
from grader.stack.images import Images

BUILD_SECONDS = 180
BUILD_MEMORY_MB = 1024


class ImageQuestions:
    """Builds, runs and pushes the images of one run. What the engine or the registry does wrong raises OurFault."""

    def __init__(self, images: Images, namespace: str) -> None:
        self._images, self._namespace = images, namespace
        self._built: dict[int, BuiltImage | BuildFailed] = {}
        self._lock = threading.Lock()

    def build(self, files: Mapping[str, bytes], arguments: Mapping[str, str]) -> BuiltImage:
        """The image that these files make, built once a run. Raises Fail with the build's last lines when they make none."""
        key = hash((frozenset(files.items()), frozenset(arguments.items())))
        with self._lock:
            if key not in self._built:
                request = BuildRequest(files, arguments, BUILD_SECONDS, BUILD_MEMORY_MB)
                try:
                    self._built[key] = self._images.builder.build(request)
                except BuildFailed as failure:
                    self._built[key] = failure
            built = self._built[key]
        if isinstance(built, BuildFailed):
            raise Fail("an image from the Dockerfile", str(built))
        return built

    def files(self, image: BuiltImage) -> dict[str, bool]:
        """The files of its last stage by path, and whether somebody may execute them. Raises Fail for too many."""
        try:
            return image.files()
        except BuildFailed as failure:
            raise Fail("an image whose files can be listed", str(failure)) from None

    @contextlib.contextmanager
    def running(self, image: BuiltImage, command: tuple[str, ...] | None = None) -> Iterator[RunningImage]:
        """A container of it, removed at the end. Raises Fail when none can be made."""
        try:
            container = image.start(command)
        except BuildFailed as failure:
            raise Fail("an image that can be run", str(failure)) from None
        try:
            yield container
        finally:
            container.close()

    def push(self, image: BuiltImage, repository: str, tags: list[str]) -> None:
        """Push it to the run's repository of this name."""
        place = f"{self._images.address}/{self._namespace}/{repository}"
        image.push(place, tags, self._images.registry.account)

    @property
    def registry(self) -> RegistryQuestions:
        """The run's repositories on the live registry."""
        return self._images.registry.questions(self._namespace)
