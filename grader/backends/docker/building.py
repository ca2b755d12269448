"""Images of files that nobody has read: by the classic builder, without a network, and by commands in the network of a
container that serves wheels and has no other network itself (decision 7)."""

from __future__ import annotations

import re
import secrets
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
from grader.backends.docker.commands import SHOWN_LINES, Bounds, Commands
from grader.backends.docker.containers import remove
from grader.backends.docker.disk import Written
from grader.backends.docker.engine import ENGINE_ERRORS, refuses, says
from grader.backends.docker.hosting import DATA, USER
from grader.backends.docker.images import archive_of
from grader.backends.docker.parts import ASKED, Part, Parts
from grader.backends.docker.steps import Steps
from grader.backends.protocol import BuildFailed, BuildRequest, Running
from grader.errors import OurFault

if TYPE_CHECKING:
    from docker import APIClient

INDEX_PORT = 3141
SERVE = ["python", "-m", "http.server", "--bind=127.0.0.1", f"--directory={DATA}/static", str(INDEX_PORT)]
LABEL = {KIND: "submission"}
WHEELS = "wheels-for-builds"
"""Name of the container that serves wheels: where there is one, somebody builds."""
ENDED = re.compile(r" ---> ([0-9a-f]{12})\s*$")
BUILT = re.compile(r"Successfully built ([0-9a-f]{12})")
INSTRUCTION = re.compile(r"Step \d+/\d+ : (\w+)")
MOST_WRITTEN = 2048 * MIB
"""By all steps of a build together, above the images they start from."""
MOST_KEPT = 128 * MIB
"""What a build may write and have its commands kept for later builds: wheels of the course, as a rule."""
MEMORY_OF_INDEX = 128 * MIB


class Builder:
    """See `grader.backends.protocol.ImageBuilder`. May be used by many threads."""

    def __init__(self, client: APIClient, index: Running) -> None:
        """`index` is the package index, hosted by this backend: its plain copy of the course's wheels is what builds see."""
        self._client, self._index = client, index
        self._lock = threading.Lock()
        self._container = ""
        self._steps = Steps(client)

    def build(self, request: BuildRequest) -> DockerImage:
        """Build. Raises BuildFailed, or OurFault."""
        text = request.files.get("Dockerfile")
        if text is None:
            raise BuildFailed("there is no Dockerfile")
        refused = dockerfile.problem(text.decode(errors="replace"))
        if refused:
            raise BuildFailed(f"Dockerfile, {refused}")
        build = _Build(Written(self._client, MOST_WRITTEN))
        try:
            return self._made(request, build, Parts(text.decode(errors="replace")))
        except ENGINE_ERRORS as error:
            raise OurFault(f"the engine did not build: {says(error)}") from error
        finally:
            self._steps.used(build.passing())
            self._steps.tidy()

    def close(self) -> None:
        """Remove the container that serves wheels; what was built goes, too, unless somebody else builds on this engine now."""
        if self._container:
            remove(self._client, self._container)
        self._container = ""
        with suppress(*ENGINE_ERRORS):  # an engine that is gone keeps nothing that we could remove
            if not self.others():
                self._steps.clear()

    def others(self) -> list[str]:
        """Containers that serve wheels to builders of this and other processes that live."""
        found = self._client.containers(all=True, filters={"label": f"{NAME}={WHEELS}"})
        return [one["Id"] for one in found if one["Id"] != self._container and not owner.is_dead(one["Labels"][owner.LABEL])]

    def _made(self, request: BuildRequest, build: _Build, parts: Parts) -> DockerImage:
        build.ends, wheels = time.monotonic() + request.seconds, self._wheels()
        bounds = Bounds(request.memory_mb * MIB, MOST_WRITTEN, MOST_KEPT, request.seconds, build.ends)
        commands = Commands(self._client, wheels, bounds, build.written, self._steps)
        try:
            while command := parts.command():
                name = f"part-{secrets.token_hex(8)}"
                self._follow(request, build, parts.before(name), target=name)
                start, arguments = self._arguments(build.image)
                made = commands.image(start, command, arguments, build.holds)
                build.hold(made)
                parts.ran(made, arguments)
            self._follow(request, build, parts.whole(), labels=LABEL)
        except (BuildFailed, *ENGINE_ERRORS) as failed:
            if self._ended(wheels):
                raise OurFault("the container that serves wheels to builds ended during one") from failed
            raise
        return DockerImage(self._client, build.image, self._base(), self._image_of_index(), frozenset(commands.files))

    def _arguments(self, image: str) -> tuple[str, dict[str, str]]:
        """What a command starts from, and the values of the build's arguments: what `Parts.before` makes ends with them."""
        found = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
        labels = found["Config"].get("Labels") or {}
        asked = {name.removeprefix(ASKED): value for name, value in labels.items() if name.startswith(ASKED)}
        return str(found["Parent"] if asked else found["Id"]), asked

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

    def _follow(self, request: BuildRequest, build: _Build, part: Part, **more: Any) -> None:
        """Have the engine make a part; read what it says until it ends. Raises BuildFailed, and what the engine raises."""
        build.begin()
        events: Iterator[dict[str, Any]] = self._client.build(
            fileobj=archive_of({**request.files, "Dockerfile": part.text.encode()}), custom_context=True, rm=True, forcerm=True,
            decode=True, pull=False, network_mode="none", buildargs=dict(request.arguments), timeout=request.seconds, **more,
        )  # fmt: skip
        for event in _accepted(events, part):
            build.hear(str(event.get("stream") or event.get("error") or ""))
            if build.written.too_much:
                raise BuildFailed(f"the build wrote {build.written.too_much}; it was at:\n{build.at()}")
            if "error" in event:
                raise BuildFailed(f"the build failed:\n{build.at()}")
            if time.monotonic() > build.ends:
                raise BuildFailed(f"the build took more than {request.seconds} s; it was at:\n{build.at()}")
        if not build.image:
            raise BuildFailed(f"the build failed:\n{build.at()}")

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
    """What the engine's builder tells of a build's parts. It runs none of the build's commands, so each line is its own."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self.ends = 0.0
        """When it must have ended, in monotonic seconds."""
        self.image = ""
        """That the last part made."""
        self.holds = False
        """Whether there are somebody's files in it."""
        self._layers: list[str] = []
        self._held: set[str] = set()
        self._last: deque[str] = deque(maxlen=SHOWN_LINES)
        self._from = False

    def passing(self) -> list[str]:
        """Images of steps that go with the last builder: from the first COPY of a stage on, for they hold somebody's files, and
        all of a build that wrote much."""
        return [one for one in self._layers if one in self._held] if self.written.in_layers <= MOST_KEPT else self._layers

    def begin(self) -> None:
        """A part begins."""
        self.image = ""
        self._last.clear()

    def hold(self, image: str) -> None:
        """A command made this image of the last part's, and of what is in that."""
        self._held |= {_short(image)} if self.holds else set()

    def at(self) -> str:
        """The last lines of what it said."""
        return "\n".join(self._last)

    def hear(self, text: str) -> None:
        """One event's text. Raises OurFault when the builder is about to run a command, whatever hid it from us."""
        for line in text.splitlines():
            if line.strip():
                self._last.append(line.rstrip())
            if instruction := INSTRUCTION.match(line):
                word = instruction[1].upper()
                if word == "RUN":
                    raise OurFault(f"the engine's builder reads a command where we read none: {line[:200]}")
                self._from, self.holds = word == "FROM", self.holds or word == "COPY"
            elif ended := ENDED.match(line):
                self._made(ended[1])
            elif built := BUILT.match(line):
                self.image = built[1]

    def _made(self, image: str) -> None:
        if self._from:
            self.holds, self._from = image in self._held, False
        self._layers.append(image)
        self._held |= {image} if self.holds else set()
        self.written.layer(image)


def _short(image: str) -> str:
    """As the builder writes an image's id."""
    return image.removeprefix("sha256:")[:12]


def _accepted(events: Iterator[dict[str, Any]], part: Part) -> Iterator[dict[str, Any]]:
    """What the engine says of a part. Raises BuildFailed when it refuses the Dockerfile, before its first step."""
    try:
        yield from events
    except APIError as error:
        if refuses(error):
            raise BuildFailed(f"the build failed:\n{part.told(says(error))}") from error
        raise
