"""From an environment's lock file to an image."""

from __future__ import annotations

import io
import tarfile
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from docker.errors import ImageNotFound
from filelock import FileLock
from platformdirs import user_cache_path

from grader.backends import image
from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.errors import OurFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from docker import APIClient

    from grader.backends.protocol import Environment

STAGE = "mlops-course.stage"
"""The label of what a build needs only while it runs; its value tells one build's from another's."""
ABANDONED = "24h"
"""A stage as old as this is none of a build that runs."""
SHOWN_LINES = 20


class Images:
    """Builds the images of environments, each once."""

    def __init__(self, client: APIClient, dockerfile: Path | None) -> None:
        """`dockerfile` serves environments that bring none; by default it is the one beside their folders."""
        self._client, self._dockerfile = client, dockerfile
        self._one_at_a_time = threading.Lock()

    def prepare(self, environment: Environment) -> str:
        """The id of the environment's image, built if it isn't there. Raises OurFault with the build's last lines."""
        context = image.context(environment, self._dockerfile)
        tag = image.name(environment, self._dockerfile)
        try:
            return self._id_of(tag) or self._build_once(tag, context)
        except ENGINE_ERRORS as error:
            raise OurFault(f"the image of environment {environment.spec.id} can't be had: {says(error)}") from error

    def publish(self, environment: Environment, repository: str) -> str:
        """Push the environment's image to a registry's path; return its name there. Raises OurFault."""
        made = self.prepare(environment)
        called = image.name(environment, self._dockerfile, repository)
        try:
            place, _, tag = called.rpartition(":")
            self._client.tag(made, place, tag)
            for event in self._client.push(called, stream=True, decode=True):
                if "error" in event:
                    raise OurFault(
                        f"{called} could not be pushed: {event['error']}", "see `docker login`, and what it may push"
                    )
        except ENGINE_ERRORS as error:
            raise OurFault(f"{called} could not be pushed: {says(error)}") from error
        return called

    def _id_of(self, tag: str) -> str | None:
        try:
            return str(self._client.inspect_image(tag)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None

    def _build_once(self, tag: str, context: dict[str, bytes]) -> str:
        folder = user_cache_path("mlops-course", ensure_exists=True)
        with self._one_at_a_time, FileLock(folder / f"build-{tag.replace('/', '-').replace(':', '-')}.lock"):
            return self._id_of(tag) or self._build(tag, context)

    def _build(self, tag: str, context: dict[str, bytes]) -> str:
        build, sent, mine = self._client.build, archive_of(context), uuid.uuid4().hex
        events = build(
            fileobj=sent, custom_context=True, tag=tag, rm=True, forcerm=True, decode=True, buildargs={"STAGE": mine}
        )
        last = deque(_lines(events), maxlen=SHOWN_LINES)
        made = self._id_of(tag)
        if made is None:
            raise OurFault(f"the image {tag} could not be built:\n" + "\n".join(last))
        for stages in ({"label": f"{STAGE}={mine}"}, {"label": STAGE, "until": ABANDONED}):
            self._client.prune_images({"dangling": True, **stages})  # type: ignore[no-untyped-call]
        return made


def archive_of(context: Mapping[str, bytes]) -> io.BytesIO:
    """The build's context, made in memory: nothing else of the folder is sent."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in context.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive


def _lines(events: Iterable[dict[str, Any]]) -> Iterable[str]:
    for event in events:
        yield from str(event.get("stream") or event.get("error") or "").rstrip().splitlines()
