"""One single-use sandbox in a pod: cold, or prepared beforehand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from grader.backends import containment, readiness
from grader.backends.kubernetes.cluster import ClusterError
from grader.backends.kubernetes.pod import Place, Pod
from grader.backends.prepared import bootstrap
from grader.backends.tunnel import Tunnel
from grader.backends.tunnelled import Tunnelled, output_cap
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.backends.protocol import Ended, SandboxRequest

KERNEL_SECONDS = 60
AGENT_MODULES = ("stream", "work_folder", "sandbox_agent")
NAME = "sandbox"
"""What a prepared pod's keeper calls its only sandbox."""


class PodSandbox(Tunnelled):
    """See `grader.backends.protocol.Sandbox`."""

    def __init__(self, request: SandboxRequest, pod: Callable[[], Pod], prepared: bool) -> None:
        """Take a pod and have the kernel in it answer. Raises SandboxFailed, or what else `pod` raises, leaving nothing."""
        self._request = request
        self._tunnel = None
        self._ended: Ended | None = None
        self._closing = threading.Lock()
        self._closed = False
        try:
            self._pod = pod()
        except (ClusterError, OSError, TimeoutError) as error:
            raise SandboxFailed(f"sandbox {request.name} did not start: {error}") from error
        try:
            self._start(prepared)
        except (OSError, TimeoutError) as error:
            raise SandboxFailed(f"sandbox {request.name} did not start: {error}\n{self._pod.errors}".strip()) from error
        finally:
            if not hasattr(self, "connection"):
                self.close()

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        tunnel = self._tunnel
        if self._ended is None and tunnel is not None:
            self._ended = tunnel.ended or (None if tunnel.alive else self._pod.autopsy())
        return self._ended

    def close(self) -> None:
        """Delete its pod; never raises."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._pod.close()

    def _start(self, prepared: bool) -> None:
        request = self._request
        outside = {endpoint.service: endpoint.outside for endpoint in request.endpoints}
        self._tunnel = tunnel = Tunnel(self._pod.pipe, outside, output_cap(request), NAME if prepared else "")
        ports = {endpoint.service: endpoint.preferred_port for endpoint in request.endpoints}
        variables = {"USER": "nobody", **containment.variables(request)}
        more = room(request.limits.cpus) if prepared else {}
        problem = tunnel.start(request.files, variables, ports, KERNEL_SECONDS, **more)
        if problem:
            raise ConnectionAbortedError(problem)
        if not prepared and not readiness.answers(tunnel.connection, KERNEL_SECONDS, lambda: self.poll() is not None):
            ended = self.poll()
            raise TimeoutError(ended.detail if ended else f"its kernel did not answer within {KERNEL_SECONDS} s")
        self.connection = tunnel.connection


def room(cpus: float) -> dict[str, object]:
    """What the warden of a prepared sandbox is told; the pod confines it, and has set its limits."""
    return {
        "confined": False,
        "dies_first": True,
        "transport": "ipc",
        "work": containment.WORK,
        "limits": {},
        "threads": max(1, int(cpus)),
    }


def cold(place: Place, image: str, request: SandboxRequest) -> Pod:
    """A pod whose agent starts a kernel when told. Raises ClusterError, TimeoutError, SandboxFailed."""
    return Pod(place, request.name, image, request.limits, bootstrap.message(AGENT_MODULES))
