"""A sandbox's pod: made, waited for, spoken to, and looked at when it has ended."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.backends.kubernetes import manifests
from grader.backends.kubernetes.attach import Attachment
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.backends.pipe import Pipe
from grader.backends.protocol import Ended
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.backends.kubernetes.leases import Owner
    from grader.spec.limits import Limits

START_SECONDS = 180
"""How long a pod may take to run: a cluster that grows by a node for it needs minutes."""
RETRY_SECONDS = 1.0
CONTENDED_SECONDS = 0.2
DEATH_SECONDS = 10
CLOSE_SECONDS = 5
"""How long to wait for the word that nothing is left."""
KILLED = 137
USERS = 1_000_000_000
"""User ids from here on are given to pods, one each: no image knows them, and what is counted by user counts one pod."""
UNPULLED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
NO_ROOM = "Unschedulable"
UNMADE = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
IMAGE_CURE = (
    "`mlops admin images --push REGISTRY/PATH` builds and pushes the environments' images, and MLOPS_IMAGES=REGISTRY/PATH "
    "names them to graders; without a registry, load what `mlops admin images --plain` prints onto every node"
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the pods of a grader are."""

    cluster: Cluster
    namespace: str
    owner: Owner

    @property
    def pods(self) -> str:
        """The path of the namespace's pods."""
        return f"/api/v1/namespaces/{self.namespace}/pods"


class Pod:
    """A running pod with an agent in it that reads what it shall be from `pipe`; for one sandbox, then thrown away."""

    def __init__(
        self, place: Place, says: str, image: str, limits: Limits, message: bytes, lacking: Callable[[], None] = lambda: None
    ) -> None:
        """Make it, and send the agent `message`. Raises ClusterError, TimeoutError or SandboxFailed, leaving nothing.

        `lacking` is called when the cluster has no room for it: it may make some, or raise.
        """
        self.name = f"sandbox-{secrets.token_hex(6)}"
        self.born = time.monotonic()
        self._cluster, self._path = place.cluster, f"{place.pods}/{self.name}"
        self._attachment: Attachment | None = None
        self._pipe: Pipe | None = None
        ready = False
        try:
            user = USERS + secrets.randbelow(USERS)
            wanted = manifests.pod(self.name, says, image, limits, user, place.owner.get())
            deadline = time.monotonic() + START_SECONDS
            create(place.cluster, place.pods, wanted, deadline, lacking)
            until_running(place.cluster, place.pods, self.name, deadline, lacking)
            command = manifests.agent_command(limits)
            self._attachment = Attachment(place.cluster, self._path, manifests.CONTAINER, command)
            self._attachment.pipe.sendall(message)
            self._pipe = Pipe(self._attachment.pipe)
            ready = True
        finally:
            if not ready:
                self.close()

    @property
    def pipe(self) -> Pipe:
        """The pipe to its agent."""
        if self._pipe is None:
            raise ConnectionResetError("the pod has no pipe")
        return self._pipe

    @property
    def usable(self) -> bool:
        """Whether its agent can be spoken to."""
        return self._pipe is not None and self._pipe.alive

    @property
    def errors(self) -> str:
        """The end of what its agent printed to standard error."""
        return self._attachment.errors if self._attachment else ""

    def autopsy(self) -> Ended:
        """Why the pipe broke with nobody saying why."""
        status = None
        if self._attachment:
            self._attachment.wait(DEATH_SECONDS)
            status = self._attachment.status
        try:
            return autopsy(self._cluster, self._path, status)
        except ClusterError as error:
            return Ended("vanished", f"the cluster does not answer for its pod: {error}")

    def close(self) -> None:
        """Hang up, which ends everything in it, and delete it; never raises. May be called twice.

        When the agent's end is told, no process of the sandbox is left: it takes process 1 with it, and that all others.
        """
        if self._pipe:
            self._pipe.close()
        try:
            self._cluster.delete(self._path, gracePeriodSeconds="1")
        except ClusterError as error:
            log.warning("pod %s was not deleted, and ends by itself: %s", self.name, error)
        if self._attachment:
            self._attachment.pipe.close()
            self._attachment.wait(CLOSE_SECONDS)
            self._attachment.close()


def create(cluster: Cluster, pods: str, wanted: Json, deadline: float, lacking: Callable[[], None]) -> None:
    """Create a pod, waiting for room where a quota leaves none, and for its turn where too many are counted at once.

    Raises ClusterError.
    """
    while True:
        try:
            cluster.create(pods, wanted)
            return
        except ClusterError as error:
            contended = error.status == 409 and "resourcequotas" in str(error)  # many pods at once: nothing was made
            full = error.status == 403 and "exceeded quota" in str(error)
            if not (contended or full) or time.monotonic() > deadline:
                raise
        if full:
            lacking()
        time.sleep(RETRY_SECONDS if full else CONTENDED_SECONDS)


def until_running(cluster: Cluster, pods: str, name: str, deadline: float, lacking: Callable[[], None]) -> None:
    """Wait until its container runs. Raises SandboxFailed when it won't, TimeoutError, ClusterError."""
    said = "nothing was said of it"
    while (left := deadline - time.monotonic()) > 0:
        for found in cluster.watch(pods, name, left):
            if found["deleted"]:
                raise SandboxFailed(f"pod {name} was deleted while it started")
            if running(found):
                return
            said = why_not(found) or said
            if said.startswith(NO_ROOM):
                lacking()
    raise TimeoutError(f"pod {name} did not run within {START_SECONDS} s: {said}")


def running(found: Json) -> bool:
    """Whether the pod's only container runs."""
    return any("running" in one["state"] for one in found["status"].get("containerStatuses", ()))


def why_not(found: Json) -> str:
    """What a pod that doesn't run yet waits for. Raises SandboxFailed when that won't come."""
    name, status = found["metadata"]["name"], found["status"]
    for one in status.get("containerStatuses", ()):
        waiting = one["state"].get("waiting", {})
        reason, said = str(waiting.get("reason", "")), str(waiting.get("message", "")).strip()
        if reason in UNPULLED:
            raise SandboxFailed(f"image {one['image']} can't be had by the cluster ({reason}: {said})", IMAGE_CURE)
        if reason in UNMADE:
            raise SandboxFailed(f"the container of pod {name} can't be made ({reason}: {said})")
        if reason:
            return f"{reason} {said}".strip()
    if status.get("phase") in ("Failed", "Succeeded"):
        said = f"{status.get('reason', '')} {status.get('message', '')}".strip()
        raise SandboxFailed(f"pod {name} ended while it started: {said}")
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            return f"{condition.get('reason', '')}: {condition.get('message', '')}"
    return ""


def autopsy(cluster: Cluster, pod: str, status: int | None) -> Ended:
    """What ended a sandbox whose agent ended with `status`, or with nobody knowing how (None). Raises ClusterError.

    The code in it may end the agent and, through process 1, all the rest: that is its own doing. What deletes or evicts a
    pod, or kills its container, is outside.
    """
    deadline = time.monotonic() + DEATH_SECONDS
    while True:
        try:
            found = cluster.get(pod)
        except ClusterError as error:
            if error.status == 404:
                return Ended("vanished", "its pod was deleted from outside")
            raise
        ended = explain(found, status)
        if ended:
            return ended
        if time.monotonic() > deadline:
            break
        time.sleep(RETRY_SECONDS / 4)
    if status is None:
        return Ended("vanished", "the connection to its pod broke")
    return Ended("exited", f"the sandbox's agent was ended from inside, with status {status}")


def explain(found: Json, status: int | None) -> Ended | None:
    """What a pod's own record tells of its end, if anything."""
    about = found["status"]
    if found["metadata"].get("deletionTimestamp"):
        return Ended("vanished", "its pod was deleted from outside")
    if about.get("reason"):
        return Ended("vanished", f"the cluster ended its pod: {about['reason']} {about.get('message', '')}".strip())
    for one in about.get("containerStatuses", ()):
        if over := one["state"].get("terminated"):
            if over.get("reason") == "OOMKilled":
                return Ended("out_of_memory", "everything in the sandbox was killed at the memory limit")
            if over.get("exitCode") != manifests.ENDED:
                return Ended("vanished", f"its container was ended from outside, with status {over.get('exitCode')}")
            return Ended("exited", "the sandbox was ended from inside")
        # Killed with the whole container at its memory limit, or alone from inside: the container's end tells.
        if status not in (None, KILLED):
            return Ended("exited", f"the sandbox's agent ended with status {status}")
    return None
