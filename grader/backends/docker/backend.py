"""The `docker` backend: everything that the `Backend` protocol asks, on any Docker engine of this machine."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from grader.backends import image, owner
from grader.backends.containment import KIND, NAME
from grader.backends.docker.building import Builder
from grader.backends.docker.containers import remove
from grader.backends.docker.engine import ENGINE_ERRORS, connect, says
from grader.backends.docker.hosting import Hosting
from grader.backends.docker.images import Images
from grader.backends.docker.prepared import PreparedSandbox
from grader.backends.docker.sandbox import DockerSandbox
from grader.backends.docker.slots import Slots
from grader.backends.prepared.environment import CannotPrepare
from grader.backends.protocol import Address, Endpoint, Environment, Running, Sandbox, SandboxRequest, ServiceJob
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from pathlib import Path

    from docker import APIClient


class DockerBackend:
    """See `grader.backends.protocol.Backend`. One instance may be used by many threads."""

    name = "docker"

    def __init__(self, dockerfile: Path | None = None, seccomp: str | None = None, prepared: bool = True) -> None:
        """Nothing is asked of the engine yet.

        `dockerfile` builds environments that bring none (by default the one beside their folders); `seccomp` is the
        JSON text of a profile for single-use containers (by default the engine's own). `prepared`: hand out forks of
        prepared processes where the engine allows that, else single-use containers.
        """
        self._dockerfile, self._seccomp, self._prepared = dockerfile, seccomp, prepared

    @cached_property
    def _client(self) -> APIClient:
        return connect()

    @cached_property
    def _images(self) -> Images:
        return Images(self._client, self._dockerfile)

    @cached_property
    def _slots(self) -> Slots:
        return Slots(self._client)

    @cached_property
    def _hosting(self) -> Hosting:
        return Hosting(self._client)

    def probe(self) -> None:
        """Raise Unavailable, with where it looked and what to do, when no engine of this machine answers."""
        connect().close()

    def prepare(self, environment: Environment) -> str:
        """Build the environment's image if it isn't there; return its id. Raises OurFault with the build's words."""
        return self._images.prepare(environment)

    def publish(self, environment: Environment, repository: str | None = None) -> str:
        """Build the environment's image, push it to a registry's path if one is given, and return its name."""
        if repository is not None:
            return self._images.publish(environment, repository)
        self._images.prepare(environment)
        return image.name(environment, self._dockerfile)

    def host(self, job: ServiceJob) -> Running:
        """Start a service's container. Raises ServiceFailed."""
        return self._hosting.host(job, self.prepare(job.environment))

    def poll(self, running: Running) -> str | None:
        """None while it runs, else what ended it."""
        return self._hosting.poll(running)

    def logs(self, running: Running) -> str:
        """The end of what the service printed (at most 64 KiB); nothing once it was stopped."""
        return self._hosting.logs(running)

    def stop(self, running: Running) -> None:
        """Stop it; its volume stays."""
        self._hosting.stop(running)

    def erase(self, instance: str, service: str) -> None:
        """Delete a stopped service's volume."""
        self._hosting.erase(instance, service)

    def builder(self, index: Running) -> Builder:
        """Builds images of submissions, with the wheels of this package index (one that it hosts) in their reach."""
        return Builder(self._client, index)

    def inside(self, endpoint: Endpoint) -> Address:
        """The sandbox's own loopback: a sandbox has no network, the agent in it listens there and forwards."""
        return Address("127.0.0.1", endpoint.preferred_port)

    def open(self, request: SandboxRequest) -> Sandbox:
        """Hand out a sandbox whose kernel answers. Raises SandboxFailed."""
        if self._prepared:
            with suppress(CannotPrepare):  # said once, where it was found
                return PreparedSandbox(self._slots, self.prepare(request.environment), request)
        return DockerSandbox(self._client, self.prepare(request.environment), request, self._seccomp)

    def reap(self) -> list[str]:
        """Remove the sandboxes whose owner died and return their names. Raises SandboxFailed."""
        try:
            found = self._client.containers(all=True, filters={"label": f"{KIND}=sandbox"})
        except ENGINE_ERRORS as error:
            raise SandboxFailed(f"the engine does not list its containers: {says(error)}") from error
        left = [one for one in found if owner.is_dead(one["Labels"].get(owner.LABEL, ""))]
        for one in left:
            remove(self._client, one["Id"])
        return [one["Labels"][NAME] for one in left]
