"""One single-use container with a kernel in it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from grader.backends import containment, readiness
from grader.backends.docker import confinement
from grader.backends.docker.attach import Attachment
from grader.backends.docker.containers import autopsy, remove
from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.backends.pipe import Pipe
from grader.backends.prepared import bootstrap
from grader.backends.protocol import Ended, SandboxRequest
from grader.backends.tunnel import Tunnel
from grader.backends.tunnelled import Tunnelled, output_cap
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from docker import APIClient

START_SECONDS = 60
AGENT_MODULES = ("stream", "work_folder", "sandbox_agent")


class DockerSandbox(Tunnelled):
    """See `grader.backends.protocol.Sandbox`."""

    def __init__(self, client: APIClient, image: str, request: SandboxRequest, seccomp: str | None = None) -> None:
        """Start it and wait until its kernel answers. Raises SandboxFailed, leaving nothing."""
        self._client, self._request = client, request
        self._tunnel = None
        self._closing = threading.Lock()
        self._closed = False
        self._ended: Ended | None = None
        self._container = ""
        self._attachment: Attachment | None = None
        self._pipe: Pipe | None = None
        try:
            self._start(image, seccomp)
        except (*ENGINE_ERRORS, TimeoutError) as error:
            why = says(error)
            errors = self._attachment.errors if self._attachment else ""
            raise SandboxFailed(f"sandbox {request.name} did not start: {why}\n{errors}".strip()) from error
        finally:
            if not hasattr(self, "connection"):
                self.close()

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        tunnel = self._tunnel
        if self._ended is None and tunnel is not None:
            self._ended = tunnel.ended or (None if tunnel.alive else autopsy(self._client, self._container))
        return self._ended

    def close(self) -> None:
        """Remove the container and end the threads; never raises."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if self._pipe:
                self._pipe.close()
            if self._container:
                remove(self._client, self._container)
            if self._attachment:
                self._attachment.close()
                self._attachment.pipe.close()

    def _start(self, image: str, seccomp: str | None) -> None:
        request = self._request
        self._container = confinement.container(self._client, image, bootstrap.COMMAND, request, seccomp)
        self._attachment = Attachment(self._client, self._container)
        self._attachment.pipe.sendall(bootstrap.message(AGENT_MODULES))
        outside = {endpoint.service: endpoint.outside for endpoint in request.endpoints}
        self._pipe = Pipe(self._attachment.pipe, self._kill)
        self._tunnel = tunnel = Tunnel(self._pipe, outside, output_cap(request))
        self._client.start(self._container)
        ports = {endpoint.service: endpoint.preferred_port for endpoint in request.endpoints}
        problem = tunnel.start(request.files, containment.variables(request), ports, START_SECONDS)
        if problem:
            raise ConnectionAbortedError(problem)
        if not readiness.answers(tunnel.connection, START_SECONDS, lambda: self.poll() is not None):
            ended = self.poll()
            raise TimeoutError(ended.detail if ended else f"its kernel did not answer within {START_SECONDS} s")
        self.connection = tunnel.connection

    def _kill(self) -> None:
        """What broke a limit shall not go on until somebody looks. Called from the tunnel's thread."""
        if self._closed or self._tunnel is None or self._tunnel.ended is None:
            return
        with suppress(*ENGINE_ERRORS):  # it has ended, or the engine is gone
            self._client.kill(self._container)
