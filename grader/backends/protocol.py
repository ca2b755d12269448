"""What a backend is: something that runs a job in a sandbox and hosts a service. Nothing else.

Every backend (`local`, `docker`, …) passes one contract suite (`grader/tests/contract/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from grader.spec.environment import EnvironmentSpec
from grader.spec.limits import Limits
from grader.spec.service import ServiceSpec


@dataclass(frozen=True)
class Address:
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as an http URL without a path."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Environment:
    """An environment's spec and the folder that holds its lock file."""

    spec: EnvironmentSpec
    folder: Path


@dataclass(frozen=True)
class ServiceJob:
    """A service to host."""

    spec: ServiceSpec
    environment: Environment
    instance: str
    """Id of the group of services that belong together: the same id finds the same data again."""
    secrets: Mapping[str, str]
    peers: Mapping[str, Running]
    """Services that this one needs, already up, by id."""
    peer_secrets: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, int]
    """Port numbers on this machine's loopback, by name of the port: chosen by the caller, free a moment ago."""


@dataclass(frozen=True)
class Running:
    """A hosted service, as plain data: it is written to disk and found again by another process."""

    service: str
    endpoint: str
    """Name of the port that clients use."""
    ports: dict[str, Address]
    """As this process reaches them."""
    internal: dict[str, Address]
    """As the other services of the same instance reach them."""
    handle: dict[str, Any] = field(default_factory=dict)
    """What the backend needs to find it again (a process id and its start time, a container's id)."""

    @property
    def address(self) -> Address:
        """Where this process reaches the service's clients' port."""
        return self.ports[self.endpoint]


def placeholder_values(job: ServiceJob, bind: str, data: str, files: str, ports: Mapping[str, int]) -> dict[str, str]:
    """What `ServiceSpec.render` fills in, for a backend that puts the service's folders and ports where it says."""
    values = {"bind": bind, "data": data, "files": files}
    values |= {f"port.{name}": str(port) for name, port in ports.items()}
    values |= {f"secret.{name}": secret for name, secret in job.secrets.items()}
    for peer, running in job.peers.items():
        inner = running.internal[running.endpoint]
        values |= {f"peer.{peer}.host": inner.host, f"peer.{peer}.port": str(inner.port)}
        values |= {f"peer.{peer}.secret.{name}": secret for name, secret in job.peer_secrets[peer].items()}
    return values


@dataclass(frozen=True)
class Endpoint:
    """A service's address that a sandbox may reach: `outside` for this process; backends say where it is inside."""

    service: str
    outside: Address
    preferred_port: int


@dataclass(frozen=True)
class SandboxRequest:
    """A job: an IPython kernel with these files, variables and endpoints, under these limits."""

    name: str
    environment: Environment
    files: Mapping[str, bytes]
    """Content of the work folder by relative path."""
    variables: Mapping[str, str]
    """All that the student's process finds in its environment beyond PATH, HOME, LANG and the like."""
    endpoints: tuple[Endpoint, ...]
    limits: Limits


@dataclass(frozen=True)
class Connection:
    """Where the grader's own end of the kernel's channels is (Jupyter's connection file, in TCP form)."""

    host: str
    shell_port: int
    iopub_port: int
    stdin_port: int
    control_port: int
    hb_port: int
    key: bytes


@dataclass(frozen=True)
class Ended:
    """Why a sandbox is no more.

    `exited`: the kernel's process ended (by itself or by a signal that came from inside). `out_of_memory` and
    `output`: a limit ended it. `vanished`: it was taken away from outside, which is our fault.
    """

    how: Literal["exited", "out_of_memory", "output", "vanished"]
    detail: str


class Sandbox(Protocol):
    """A place where a student's code runs; used once."""

    connection: Connection

    def poll(self) -> Ended | None:
        """None while the kernel lives."""

    def interrupt(self) -> None:
        """Interrupt the cell that runs now (SIGINT to the kernel's process group)."""

    def read(self, path: str, cap: int) -> bytes:
        """At most `cap` bytes of a regular file in the work folder.

        Raises FileNotFoundError when it isn't there, ValueError when it is larger, no regular file, or outside.
        """

    def close(self) -> None:
        """End it and everything it started: no process, mount, container or file is left. Never raises."""


class Backend(Protocol):
    """Where jobs run and services live."""

    name: str

    def probe(self) -> None:
        """Raise Unavailable when this machine lacks what the backend needs."""

    def prepare(self, environment: Environment) -> str:
        """Make the lock file usable (a virtual environment, an image) if it isn't yet; return what identifies it.

        The identity changes when the lock changes. Raises OurFault with the installer's own words when it fails.
        """

    def host(self, job: ServiceJob) -> Running:
        """Start a service and return as soon as it runs (not yet ready). Raises ServiceFailed."""

    def poll(self, running: Running) -> str | None:
        """None while it runs, else what ended it."""

    def logs(self, running: Running) -> str:
        """The end of what the service printed (at most 64 KiB)."""

    def stop(self, running: Running) -> None:
        """Stop it; its data stays. Does nothing when it is gone already."""

    def erase(self, instance: str, service: str) -> None:
        """Delete a stopped service's data: the next start finds it empty."""

    def inside(self, endpoint: Endpoint) -> Address:
        """The address at which a sandbox finds this endpoint."""

    def open(self, request: SandboxRequest) -> Sandbox:
        """Hand out a ready sandbox: its kernel answers. Raises SandboxFailed."""

    def reap(self) -> list[str]:
        """End the sandboxes whose grader died (kill -9) and return their names."""


@dataclass(frozen=True)
class BuildRequest:
    """An image to build from somebody's files, `Dockerfile` among them."""

    files: Mapping[str, bytes]
    arguments: Mapping[str, str]
    """Build arguments (`--build-arg`)."""
    seconds: int
    memory_mb: int


class BuildFailed(Exception):
    """The files make no image: a step failed, broke a limit, or asks for what a build may not have. Who wrote them acts."""


@dataclass(frozen=True)
class Health:
    """What the engine says of a container's HEALTHCHECK: `healthy`, `unhealthy`, or `none` where the image has no such check;
    `log` is what the check printed last."""

    status: str
    log: str


class RunningImage(Protocol):
    """A container of a built image, without a network."""

    def get(self, port: int, path: str, seconds: float) -> tuple[int, str]:
        """Status and body (at most 64 KiB) of a GET on its own loopback, asked from outside the image.

        Repeated until something answers; status 0, and why, when nothing does within `seconds`.
        """

    def health(self, seconds: float) -> Health:
        """What its health check comes to, looked at once a second; `starting` when that is not settled within `seconds`."""

    def users(self) -> set[int]:
        """The numeric ids of the users that its processes run as, as the engine's machine sees them; none when it has ended."""

    def close(self) -> None:
        """Remove it. Never raises."""


class BuiltImage(Protocol):
    """An image made from somebody's files."""

    added_bytes: int
    """Its size above its base image."""
    written: frozenset[str]
    """Files that the RUN steps of this very build wrote; steps that came from the cache wrote none."""

    def files(self) -> dict[str, bool]:
        """The files of the last stage by path, and whether somebody may execute them (so are all links). Raises BuildFailed
        for too many."""

    def start(self, command: tuple[str, ...] | None = None) -> RunningImage:
        """Run it as it says itself, or with `command` in place of what it would start. Raises BuildFailed when it says nothing
        that could be run."""

    def push(self, repository: str, tags: Sequence[str], account: tuple[str, str]) -> None:
        """Push it under these tags."""


class ImageBuilder(Protocol):
    """Builds images of files that nobody has read, with nothing but the course's package index in reach.

    What is the engine's fault raises OurFault, here and in what is built.
    """

    def build(self, request: BuildRequest) -> BuiltImage:
        """Build. Raises BuildFailed."""

    def close(self) -> None:
        """Remove what was built, and all that was needed for it. Never raises."""
