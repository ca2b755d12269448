"""One single-use container with a kernel in it."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import suppress
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docker.errors import NotFound

from grader.backends.docker import confinement, readiness
from grader.backends.docker.attach import Attachment
from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.backends.protocol import Connection, Ended, SandboxRequest
from grader.backends.tunnel import Tunnel
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from docker import APIClient

START_SECONDS = 60
ANSWER_SECONDS = 30
"""How long the agent may take over a question: it competes with the student's processes for the sandbox's cores."""
DEATH_SECONDS = 10
OUTPUT_ALLOWANCE = 8 * 1024 * 1024
"""Bytes on the kernel's channels that are no output of cells: echoes of their code, message headers, answers."""
KILLED = 137
"""Status of a container whose process 1 got SIGKILL. Nothing inside can send it that, so it came from outside."""
AGENT_MODULES = ("stream", "sandbox_agent")
BOOTSTRAP = """
import json, os, sys, types
def take(size):
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit("the grader hung up")
        data += part
    return data
for name, source in json.loads(take(int(take(8)))).items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
module.main()
"""
"""Runs the agent, whose source comes first on standard input: images need no file of ours."""
log = logging.getLogger(__name__)


class DockerSandbox:
    """See `grader.backends.protocol.Sandbox`."""

    connection: Connection

    def __init__(self, client: APIClient, image: str, request: SandboxRequest, seccomp: str | None = None) -> None:
        """Start it and wait until its kernel answers. Raises SandboxFailed, leaving nothing."""
        self._client, self._request = client, request
        self._closing = threading.Lock()
        self._closed = False
        self._ended: Ended | None = None
        self._container = ""
        self._attachment: Attachment | None = None
        self._tunnel: Tunnel | None = None
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
            self._ended = tunnel.ended or (None if tunnel.alive else self._autopsy())
        return self._ended

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process group; nothing happens when it has ended."""
        try:
            self._living_tunnel().interrupt(ANSWER_SECONDS)
        except (ConnectionError, TimeoutError) as error:
            log.info("sandbox %s could not be interrupted: %s", self._request.name, error)

    def read(self, path: str, cap: int) -> bytes:
        """At most `cap` bytes of a regular file in the work folder. Raises FileNotFoundError, ValueError."""
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts or not inside.parts or "\0" in path:
            raise ValueError(f"{path!r} is not inside the work folder")
        try:
            return self._living_tunnel().read(path, cap, ANSWER_SECONDS)
        except TimeoutError as error:
            raise ValueError(f"{path} could not be read within {ANSWER_SECONDS} s") from error
        except ConnectionError as error:
            ended = self.poll()
            if ended and ended.how == "vanished":
                raise SandboxFailed(f"sandbox {self._request.name} vanished: {ended.detail}") from error
            raise FileNotFoundError(f"{path}: its sandbox has ended") from error

    def close(self) -> None:
        """Remove the container and end the threads; never raises."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if self._tunnel:
                self._tunnel.close()
            if self._container:
                remove(self._client, self._container)
            if self._attachment:
                self._attachment.close()
                self._attachment.pipe.close()

    def _start(self, image: str, seccomp: str | None) -> None:
        request = self._request
        command = ["python", "-I", "-c", BOOTSTRAP]
        self._container = confinement.container(self._client, image, command, request, seccomp)
        self._attachment = Attachment(self._client, self._container)
        self._attachment.pipe.sendall(_agent())
        outside = {endpoint.service: endpoint.outside for endpoint in request.endpoints}
        cap = request.limits.output_mb * confinement.MIB + OUTPUT_ALLOWANCE
        self._tunnel = tunnel = Tunnel(self._attachment.pipe, outside, cap, self._kill)
        self._client.start(self._container)
        ports = {endpoint.service: endpoint.preferred_port for endpoint in request.endpoints}
        problem = tunnel.start(request.files, confinement.variables(request), ports, START_SECONDS)
        if problem:
            raise ConnectionAbortedError(problem)
        if not readiness.answers(tunnel.connection, START_SECONDS, lambda: self.poll() is not None):
            ended = self.poll()
            raise TimeoutError(ended.detail if ended else f"its kernel did not answer within {START_SECONDS} s")
        self.connection = tunnel.connection

    def _living_tunnel(self) -> Tunnel:
        if self._tunnel is None:
            raise ConnectionResetError("the sandbox has no pipe")
        return self._tunnel

    def _kill(self) -> None:
        """What broke a limit shall not go on until somebody looks. Called from the tunnel's thread."""
        if self._closed or self._tunnel is None or self._tunnel.ended is None:
            return
        with suppress(*ENGINE_ERRORS):  # it has ended, or the engine is gone
            self._client.kill(self._container)

    def _autopsy(self) -> Ended:
        """Why the pipe broke with nobody saying why."""
        try:
            self._client.wait(self._container, timeout=DEATH_SECONDS)
            state = self._client.inspect_container(self._container)["State"]
        except NotFound:
            return Ended("vanished", "its container was removed from outside")
        except ENGINE_ERRORS as error:
            return Ended("vanished", f"the engine does not answer for its container: {says(error)}")
        if state.get("OOMKilled"):
            return Ended("out_of_memory", "everything in the sandbox was killed at the memory limit")
        if state.get("ExitCode") == KILLED:
            return Ended("vanished", "its container was killed from outside")
        return Ended("exited", f"the sandbox's first process ended with status {state.get('ExitCode')}")


def remove(client: APIClient, container: str) -> None:
    """Kill and remove a container, if it is there; an engine that refuses is only logged."""
    try:
        client.remove_container(container, force=True, v=True)
    except NotFound:
        pass
    except ENGINE_ERRORS as error:
        log.warning("container %s was not removed: %s", container, says(error))


def _agent() -> bytes:
    backends = package_files("grader.backends")
    sources = {f"grader.backends.{name}": backends.joinpath(f"{name}.py").read_text("utf-8") for name in AGENT_MODULES}
    text = json.dumps(sources).encode()
    return b"%08d" % len(text) + text
