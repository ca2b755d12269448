"""The `kubernetes` backend: everything that the `Backend` protocol asks, on any cluster that `kubectl` reaches."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from grader.backends import image
from grader.backends.kubernetes import leases, namespaces, sandbox
from grader.backends.kubernetes.cluster import Cluster, ClusterError, connect
from grader.backends.kubernetes.hosting import Hosting
from grader.backends.kubernetes.pod import Place
from grader.backends.kubernetes.pool import Pool, kind_of
from grader.backends.prepared.environment import CannotPrepare
from grader.backends.protocol import Address, Endpoint, Environment, Running, Sandbox, SandboxRequest, ServiceJob
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = "MLOPS_IMAGES"
"""What the environments' images are called in front of their id: a registry's path, or what nodes have loaded."""


class KubernetesBackend:
    """See `grader.backends.protocol.Backend`. One instance may be used by many threads."""

    name = "kubernetes"

    def __init__(self, dockerfile: Path | None = None, prepared: int | None = None) -> None:
        """Nothing is asked of the cluster yet.

        `dockerfile` is what images of environments are built from that bring none (by default the one beside their
        folders): their names follow from it. `prepared` is how many pods wait for each kind of sandbox (by default what
        MLOPS_KUBE_PREPARED says); 0: none do.
        """
        self._dockerfile, self._prepared = dockerfile, prepared
        self._one_at_a_time = threading.Lock()

    @cached_property
    def _cluster(self) -> Cluster:
        return connect()

    @cached_property
    def _place(self) -> Place:
        namespace = namespaces.sandboxes()
        namespaces.ensure(self._cluster, namespace, namespaces.of_sandboxes())
        return Place(self._cluster, namespace, leases.Owner(self._cluster, namespace))

    @cached_property
    def _pool(self) -> Pool:
        return Pool(self._place, self._prepared)

    @cached_property
    def _hosting(self) -> Hosting:
        namespace = namespaces.services()
        namespaces.ensure(self._cluster, namespace, namespaces.of_services())
        return Hosting(self._cluster, namespace)

    def probe(self) -> None:
        """Raise Unavailable, with where it looked and what to do, when no cluster answers."""
        connect()

    def prepare(self, environment: Environment) -> str:
        """The name of the environment's image, which follows from its lock. Nothing is built: nodes pull it, or have it."""
        return image.name(environment, self._dockerfile, os.environ.get(IMAGES) or image.REPOSITORY)

    def host(self, job: ServiceJob) -> Running:
        """Start a service's pod. Raises ServiceFailed."""
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

    def inside(self, endpoint: Endpoint) -> Address:
        """The sandbox's own loopback: its pod reaches nothing, the agent in it listens there and forwards."""
        return Address("127.0.0.1", endpoint.preferred_port)

    def open(self, request: SandboxRequest) -> Sandbox:
        """Hand out a sandbox whose kernel answers. Raises SandboxFailed."""
        with self._one_at_a_time:
            place, pool = self._place, self._pool
        called = self.prepare(request.environment)
        if pool.size:
            kind = kind_of(request.environment, called, request.limits)
            with suppress(CannotPrepare):  # said once, where it was found
                return sandbox.PodSandbox(request, lambda: pool.take(kind), prepared=True)
        return sandbox.PodSandbox(request, lambda: sandbox.cold(place, called, request), prepared=False)

    def reap(self) -> list[str]:
        """End the sandboxes whose grader died and return their names. Raises SandboxFailed."""
        try:
            return leases.reap(self._cluster, namespaces.sandboxes())
        except ClusterError as error:
            raise SandboxFailed(f"the cluster does not list its sandboxes: {error}") from error

    def close(self) -> None:
        """Delete every pod that this process holds, as its end does. Never raises."""
        if "_pool" in self.__dict__:
            self._pool.close()
        if "_place" in self.__dict__:
            self._place.owner.close()
