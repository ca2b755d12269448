"""Services in the cluster: one pod each, with a volume for what must survive, at an address of their own."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from grader.backends.kubernetes import service_manifests as made_of
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.backends.kubernetes.forward import Forwards, reaches
from grader.backends.kubernetes.pod import IMAGE_CURE, START_SECONDS, UNMADE, UNPULLED, running, why_not
from grader.backends.protocol import Address, Running, ServiceJob
from grader.errors import SandboxFailed, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
STORAGE = "MLOPS_KUBE_STORAGE"
"""The storage class of services' volumes; by default the cluster's own default."""
GONE_SECONDS = 60
LOOK_SECONDS = 0.2
MAX_LOG = 64 * 1024
LOG_LINES = 2000
SHOWN_LINES = 20
GROUPS = {"statefulsets": "/apis/apps/v1", "networkpolicies": "/apis/networking.k8s.io/v1"}


class Hosting:
    """See the methods of the same names in `grader.backends.protocol.Backend`."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._forwards = Forwards(cluster)

    def host(self, job: ServiceJob, image: str) -> Running:
        """Start a service, and wait until its process runs. Raises ServiceFailed, leaving no pod."""
        name = made_of.object_name(job.instance, job.spec.id)
        try:
            self._end(name)
            self._create("persistentvolumeclaims", made_of.claim(job, os.environ.get(STORAGE) or None))
            self._cluster.delete(self._path("secrets", name))
            self._create("secrets", made_of.secret(job))
            self._create("networkpolicies", made_of.peers_only(job.instance))
            self._create("services", made_of.service(job))
            found = self._cluster.get(self._path("services", name))
            self._create("statefulsets", made_of.stateful_set(job, image))
            pod = self._until_started(f"{name}-0")
        except (ClusterError, TimeoutError, SandboxFailed) as error:
            with suppress(ClusterError, TimeoutError):
                self._end(name)
            raise ServiceFailed(f"service {job.spec.id} could not be started: {error}") from error
        inside = {port: Address(found["spec"]["clusterIP"], number) for port, number in job.spec.ports.items()}
        return Running(
            service=job.spec.id,
            endpoint=job.spec.endpoint,
            ports=inside if reaches(self._cluster) else self._forwarded(name, job.ports, job.spec.ports),
            internal=inside,
            handle={"name": name, "pod": pod, "numbers": dict(job.spec.ports)},
        )

    def poll(self, running: Running) -> str | None:
        """None while it runs, else how it ended and the end of its log.

        A pod or container that the cluster made in its place is another service: what began with it met a closed door.
        """
        name, service = running.handle["name"], running.service
        try:
            found = self._cluster.get(self._path("pods", f"{name}-0"))
        except ClusterError as error:
            if error.status != 404:
                return f"the cluster does not answer for service {service}: {error}"
            return f"the pod of service {service} is gone from the cluster"
        if found["metadata"]["uid"] != running.handle["pod"]:
            return f"the pod of service {service} was lost, and made anew"
        why = _ended(found)
        if why is None:
            self._keep_forwarding(running)
            return None
        last = "\n".join(self.logs(running).splitlines()[-SHOWN_LINES:])
        return f"service {service} {why}:\n{last}"

    def logs(self, running: Running) -> str:
        """The end of what it printed; nothing once it was stopped."""
        try:
            text = self._cluster.text(
                self._path("pods", f"{running.handle['name']}-0") + "/log", tailLines=str(LOG_LINES), limitBytes=str(4 * 2**20)
            )
        except ClusterError:
            return ""
        return text[-MAX_LOG:]

    def stop(self, running: Running) -> None:
        """Stop it and wait until its pod is gone; its volume and its address stay. Raises ServiceFailed."""
        self._forwards.stop(running.handle["name"])
        try:
            self._end(running.handle["name"])
        except (ClusterError, TimeoutError) as error:
            raise ServiceFailed(f"service {running.service} could not be stopped: {error}") from error

    def erase(self, instance: str, service: str) -> None:
        """Delete what is left of a stopped service, its volume first of all. Raises ServiceFailed when it is in use."""
        name = made_of.object_name(instance, service)
        try:
            with suppress(ClusterError):
                self._cluster.get(self._path("statefulsets", name))
                raise ServiceFailed(f"the data of service {service} can't be erased: it runs", "stop the service first")
            for kind in ("services", "secrets", "persistentvolumeclaims"):
                self._cluster.delete(self._path(kind, name))
            self._until_gone("persistentvolumeclaims", name)
            if not self._cluster.get(self._path("services"), labelSelector=f"{made_of.INSTANCE}={instance}")["items"]:
                self._cluster.delete(self._path("networkpolicies", made_of.peers_name(instance)))
        except (ClusterError, TimeoutError) as error:
            raise ServiceFailed(f"the data of service {service} can't be erased: {error}") from error

    def _end(self, name: str) -> None:
        self._cluster.delete(self._path("statefulsets", name), propagationPolicy="Background")
        self._cluster.delete(self._path("pods", f"{name}-0"))
        self._until_gone("pods", f"{name}-0")

    def _until_started(self, pod: str) -> str:
        """Wait until it runs, or has ended, or can't start: not part of the time that a service has to become ready. Returns
        what identifies this pod among those of its name."""
        deadline, said = time.monotonic() + START_SECONDS, ""
        while (left := deadline - time.monotonic()) > 0:
            for found in self._cluster.watch(self._path("pods"), pod, left):
                if not found["deleted"] and (running(found) or _ended(found)):
                    return str(found["metadata"]["uid"])
                said = why_not(found) or said
        raise TimeoutError(f"pod {pod} did not run within {START_SECONDS} s: {said}")

    def _until_gone(self, kind: str, name: str) -> None:
        deadline = time.monotonic() + GONE_SECONDS
        while time.monotonic() < deadline:
            try:
                self._cluster.get(self._path(kind, name))
            except ClusterError as error:
                if error.status == 404:
                    return
                raise
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"{kind.removesuffix('s')} {name} is still there after {GONE_SECONDS} s")

    def _create(self, kind: str, wanted: Json) -> None:
        """Make it; what has survived a stop is there already."""
        try:
            self._cluster.create(self._path(kind), wanted)
        except ClusterError as error:
            if error.status != 409:
                raise

    def _path(self, kind: str, name: str = "") -> str:
        group = GROUPS.get(kind, "/api/v1")
        return f"{group}/namespaces/{self._namespace}/{kind}" + (f"/{name}" if name else "")

    def _forwarded(self, name: str, chosen: Mapping[str, int], numbers: Mapping[str, int]) -> dict[str, Address]:
        """Ports of this machine's loopback in front of a service that this machine can't reach otherwise."""
        pod = self._path("pods", f"{name}-0")
        return {port: self._forwards.start(name, pod, chosen[port], number) for port, number in numbers.items()}

    def _keep_forwarding(self, running: Running) -> None:
        """Another process, now gone, may have held the ports that were written down."""
        name = running.handle["name"]
        if running.ports != running.internal and not self._forwards.holds(name):
            chosen = {port: address.port for port, address in running.ports.items()}
            with suppress(OSError):  # that process lives, and holds them still
                self._forwarded(name, chosen, running.handle["numbers"])


def _ended(found: Json) -> str | None:
    """How a service's only container ended, if it has; a container that is started again after an end has ended as well."""
    for one in found["status"].get("containerStatuses", ()):
        waiting = one["state"].get("waiting", {})
        reason = waiting.get("reason", "")
        if over := one["state"].get("terminated") or one.get("lastState", {}).get("terminated"):
            if over.get("reason") == "OOMKilled":
                return "was killed at its memory limit"
            return f"ended with status {over.get('exitCode')}"
        if reason in (*UNPULLED, *UNMADE):
            return f"can't start ({reason}: {waiting.get('message', '')}; {IMAGE_CURE})"
    return None
