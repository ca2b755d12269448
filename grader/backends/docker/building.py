"""Images of files that nobody has read: the classic builder, in the network of a container that serves wheels, and has no
other network itself (decision 7)."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound, NotFound

from grader.backends import owner
from grader.backends.containment import KIND, MIB, NAME
from grader.backends.docker import dockerfile
from grader.backends.docker.built import DockerImage
from grader.backends.docker.containers import remove
from grader.backends.docker.disk import Written, is_of
from grader.backends.docker.engine import ENGINE_ERRORS, refuses, says
from grader.backends.docker.hosting import DATA, USER
from grader.backends.docker.images import archive_of
from grader.backends.protocol import BuildFailed, BuildRequest, Running
from grader.errors import OurFault

if TYPE_CHECKING:
    from docker import APIClient

INDEX_PORT = 3141
SERVE = ["python", "-m", "http.server", "--bind=127.0.0.1", f"--directory={DATA}/static", str(INDEX_PORT)]
LABEL = {KIND: "submission"}
STEPS = "mlops-course/build-step"
"""Tags of what steps made that hold somebody's files, or much. The engine finds a step in its cache by them, whoever built it
first, so they go with the last builder on the engine, and not with the one that made them."""
WHEELS = "wheels-for-builds"
"""Name of the container that serves wheels: where there is one, somebody builds."""
RUNNING = re.compile(r" ---> Running in ([0-9a-f]{12})\s*$")
ENDED = re.compile(r" ---> ([0-9a-f]{12})\s*$")
BUILT = re.compile(r"Successfully built ([0-9a-f]{12})")
INSTRUCTION = re.compile(r"Step \d+/\d+ : (\w+)")
SHOWN_LINES = 12
MOST_WRITTEN = 2048 * MIB
"""By all steps of a build together, above the images they start from."""
MOST_KEPT = 128 * MIB
"""What a build may leave in the engine's cache for good, of steps that hold nobody's files: wheels of the course, as a rule."""
MEMORY_OF_INDEX = 128 * MIB


class Builder:
    """See `grader.backends.protocol.ImageBuilder`. May be used by many threads."""

    def __init__(self, client: APIClient, index: Running) -> None:
        """`index` is the package index, hosted by this backend: its plain copy of the course's wheels is what builds see."""
        self._client, self._index = client, index
        self._lock = threading.Lock()
        self._container = ""
        self._images: list[DockerImage] = []

    def build(self, request: BuildRequest) -> DockerImage:
        """Build. Raises BuildFailed, or OurFault."""
        text = request.files.get("Dockerfile")
        if text is None:
            raise BuildFailed("there is no Dockerfile")
        refused = dockerfile.problem(text.decode(errors="replace"))
        if refused:
            raise BuildFailed(f"Dockerfile, {refused}")
        build = _Build(self._client, dockerfile.most_steps(text.decode(errors="replace")))
        try:
            image = self._made(request, build)
        except ENGINE_ERRORS as error:
            raise OurFault(f"the engine did not build: {says(error)}") from error
        finally:
            for container in build.containers:
                remove(self._client, container)
            for layer in build.passing():
                with suppress(*ENGINE_ERRORS):  # an id that a command printed …
                    if not self._client.inspect_image(layer)["RepoTags"]:  # type: ignore[no-untyped-call]  # … of somebody's image
                        self._client.tag(layer, STEPS, layer)
        with self._lock:
            self._images.append(image)
        return image

    def close(self) -> None:
        """Remove the container that serves wheels; what was built goes, too, unless somebody else builds on this engine now."""
        for image in self._images:
            image.untag()
        if self._container:
            remove(self._client, self._container)
        self._images, self._container = [], ""
        with suppress(*ENGINE_ERRORS):  # an engine that is gone keeps nothing that we could remove
            if not self.others():
                self._clear()

    def others(self) -> list[str]:
        """Containers that serve wheels to builders of this and other processes that live."""
        found = self._client.containers(all=True, filters={"label": f"{NAME}={WHEELS}"})
        return [one["Id"] for one in found if one["Id"] != self._container and not owner.is_dead(one["Labels"][owner.LABEL])]

    def _clear(self) -> None:
        """Remove what steps made, those of killed builders included; the course's own steps stay."""
        left = {str(image["Id"]) for image in self._client.images(STEPS)}
        for image in left:
            for container in self._client.containers(all=True, filters={"ancestor": image}):
                if container["Labels"].get(KIND) != "service":
                    remove(self._client, container["Id"])
        while stay := {image for image in left if not self._removed(image)}:
            if stay == left:  # somebody builds on them, or made a container of one, just now
                return
            left = stay

    def _removed(self, image: str) -> bool:
        """Whether it is gone; the engine refuses while another image stands on it, or somebody else's tag is on it."""
        try:
            self._client.remove_image(image, noprune=True)
        except ImageNotFound:
            return True
        except ENGINE_ERRORS:
            return False
        return True

    def _made(self, request: BuildRequest, build: _Build) -> DockerImage:
        try:
            self._follow(request, build)
            return self._finished(build)
        except BuildFailed as failed:
            if self._ended(build.wheels):
                raise OurFault("the container that serves wheels to builds ended during one") from failed
            raise

    def _ended(self, wheels: str) -> bool:
        """Whether this container serves no more; the next build makes another then."""
        with suppress(NotFound):
            if self._client.inspect_container(wheels)["State"]["Running"]:
                return False
        with self._lock:
            if self._container == wheels:
                self._container = ""
        remove(self._client, wheels)
        return True

    def _follow(self, request: BuildRequest, build: _Build) -> None:
        """Read what the engine says of the build until it ends. Raises BuildFailed, and what the engine raises."""
        memory, build.wheels = request.memory_mb * MIB, self._wheels()
        events: Iterator[dict[str, Any]] = self._client.build(
            fileobj=archive_of(request.files), custom_context=True, rm=False, forcerm=False, decode=True, pull=False,
            network_mode=f"container:{build.wheels}", buildargs=dict(request.arguments), labels=LABEL,
            container_limits={"memory": memory, "memswap": memory}, timeout=request.seconds,
        )  # fmt: skip
        deadline = time.monotonic() + request.seconds
        with build.written.watched():
            for event in _accepted(events):
                build.hear(str(event.get("stream") or event.get("error") or ""))
                if build.written.too_much:
                    most = f"{MOST_WRITTEN // MIB} MiB (install less, or remove it in the same step)"
                    raise BuildFailed(f"the build wrote more than {most}; it was at:\n{build.at()}")
                if "error" in event:
                    raise BuildFailed(f"the build failed:\n{build.at()}")
                if time.monotonic() > deadline:
                    raise BuildFailed(f"the build took more than {request.seconds} s; it was at:\n{build.at()}")

    def _finished(self, build: _Build) -> DockerImage:
        if not build.image:
            raise BuildFailed(f"the build failed:\n{build.at()}")
        written: set[str] = set()
        for container in build.containers:
            with suppress(NotFound):  # the build printed an id that was none
                written |= {change["Path"] for change in self._client.diff(container) or [] if change["Kind"] != 2}
        return DockerImage(self._client, build.image, self._base(), self._image_of_index(), frozenset(written))

    def _base(self) -> int:
        """The size of the base image, in bytes."""
        try:
            return int(self._client.inspect_image(dockerfile.BASES[0])["Size"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise OurFault(f"the image {dockerfile.BASES[0]} isn't there: docker pull {dockerfile.BASES[0]}") from None

    def _image_of_index(self) -> str:
        return str(self._client.inspect_container(self._index.handle["container"])["Image"])

    def _wheels(self) -> str:
        """The container whose network builds share: it has a loopback, on which it serves wheels, and nothing else."""
        with self._lock:
            if self._container:
                return self._container
            volume = f"mlops-{self._index.handle['instance']}-{self._index.service}"
            made = self._client.create_container(
                self._image_of_index(), entrypoint=SERVE, user=f"{USER}:{USER}",
                labels={KIND: "sandbox", NAME: WHEELS, owner.LABEL: owner.current()},
                host_config=self._client.create_host_config(
                    network_mode="none", binds=[f"{volume}:{DATA}:ro"], read_only=True, cap_drop=["ALL"],
                    security_opt=["no-new-privileges:true"], mem_limit=MEMORY_OF_INDEX, pids_limit=64, init=True,
                ),
            )  # fmt: skip
            self._container = str(made["Id"])
            self._client.start(self._container)
            return self._container


class _Build:
    """What the classic builder's own lines tell of a build. Commands of the build may print such lines, too: an id that is not
    the build's is ignored, hiding a real one is beyond them, and more such lines than a build has end it."""

    def __init__(self, client: APIClient, most_steps: int) -> None:
        self._client, self._left = client, 2 * most_steps  # each step begins with an image, or in a container, and makes one
        self.written = Written(client, MOST_WRITTEN)
        self.image = ""
        self.wheels = ""
        """The container whose network it has."""
        self.containers: list[str] = []
        """Of the steps that ran."""
        self._layers: list[str] = []
        self._own_layers: list[str] = []
        self._last: deque[str] = deque(maxlen=SHOWN_LINES)
        self._copied = False

    def passing(self) -> list[str]:
        """Images of steps that go with the last builder: from the first COPY of a stage on, for they hold somebody's files, and
        all of a build that wrote much."""
        return self._own_layers if self.written.in_layers <= MOST_KEPT else self._layers

    def at(self) -> str:
        """The last lines of what it said."""
        return "\n".join(self._last)

    def hear(self, text: str) -> None:
        """One event's text. Raises BuildFailed when its lines can't all be the builder's."""
        for line in text.splitlines():
            if line.strip():
                self._last.append(line.rstrip())
            if instruction := INSTRUCTION.match(line):
                word = instruction[1].upper()
                self._copied = (self._copied and word != "FROM") or word == "COPY"
            elif told := RUNNING.match(line) or ENDED.match(line):
                self._count(line)
                (self._runs if told.re is RUNNING else self._made)(told[1])
            elif built := BUILT.match(line):
                self.image = built[1]

    def _count(self, line: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise BuildFailed(f"a command of the build prints lines as the builder does: {line!r} (let it print others)")

    def _runs(self, container: str) -> None:
        if is_of(self._client, container, self.wheels):
            self.containers.append(container)
            self.written.step_runs(container)

    def _made(self, image: str) -> None:
        self._layers.append(image)
        self._own_layers += [image] if self._copied else []
        self.written.step_made(image)


def _accepted(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the engine says of a build. Raises BuildFailed when it refuses the Dockerfile, before its first step."""
    try:
        yield from events
    except APIError as error:
        if refuses(error):
            raise BuildFailed(f"the build failed:\n{says(error)}") from error
        raise
