"""A worker whose sandboxes are pods on simulated nodes.

Queue, worker, what it reads of a submission, the pod's manifest, its quota and its lease, and the calls to the API are the
product's own. Simulated is what would be inside of the pod, from `exec` on: nobody is spoken to, the pod is held for a while,
and the verdict is made up.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

from grader.backends.kubernetes import leases, pod
from grader.backends.kubernetes.backend import KubernetesBackend
from grader.backends.kubernetes.cluster import connect
from grader.backends.kubernetes.sandbox import AGENT_MODULES
from grader.backends.prepared import bootstrap
from grader.bench.scale.meter import Meter, MeteredCluster, MeteredQueue
from grader.course.tree import Lab, find_course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.grading.submission import Submission
from grader.queue.queue import Lease
from grader.result import CheckResult, Result
from grader.stack.stack import Stack
from grader.worker.site import Site
from grader.worker.worker import Patience, Worker, name

KIB = 1024


@dataclass(frozen=True)
class Told:
    """What a worker tells at its end: calls of the API by verb, seconds of each by name, CPU seconds (imports not counted), and
    the most memory that it held, in MiB."""

    calls: dict[str, int]
    seconds: dict[str, list[float]]
    cpu: float
    mib: float


class NobodyInside:
    """Stands for `Attachment`, the stream to a pod's agent: simulated nodes run nothing that could be spoken to."""

    status: int | None = None
    errors = ""

    def __init__(self, *_: object) -> None:
        """See `Attachment`."""
        self.pipe, self._inner = socket.socketpair()

    def wait(self, _: float) -> None:
        """There is nothing to be said."""

    def close(self) -> None:
        """Hang up."""
        self._inner.close()


class Simulation(Site):
    """Does all that a worker does with a job but the grading itself."""

    def __init__(self, database: Database, folder: Path, run: str, hold: float, meter: Meter) -> None:
        """`run` names the nodes and the namespace; without it jobs have no pods."""
        self._backend, self._run, self._hold, self._meter = KubernetesBackend(prepared=0), run, hold, meter
        stack = Stack(find_course(Path(__file__)), self._backend, folder / name())
        super().__init__(database, FolderBlobs(folder / "blobs"), stack, _no_images, folder)

    def grade(self, lease: Lease) -> tuple[Result, str]:
        """A verdict that depends on nothing, after a pod that did nothing."""
        lab = self._stack.course.lab(lease.lab)
        submission = self._submission(lab, lease)
        image = self._backend.prepare(self._stack.course.environment(lab.spec.environment))
        if self._run:
            message = bootstrap.message(AGENT_MODULES)
            with self._meter.timed("run"):
                made = pod.Pod(self._pods, submission.path, image, lab.spec.limits, message)
            time.sleep(self._hold)
            with self._meter.timed("delete"):
                made.close()
        return made_up(lab, submission), image

    def close(self) -> None:
        """Delete the lease that its pods belong to."""
        if "_pods" in self.__dict__:
            self._pods.owner.close()

    @cached_property
    def _pods(self) -> pod.Place:
        cluster, namespace = MeteredCluster(connect(), self._run, self._meter), f"{self._run}-sandboxes"
        return pod.Place(cluster, namespace, leases.Owner(cluster, namespace))


def made_up(lab: Lab, submission: Submission) -> Result:
    """Full marks, in as many checks as the lab has: the size of a result is real."""
    checks = tuple(
        CheckResult(
            id=check.id, task=task.id, statement="It holds.", status="passed", earned=check.points, possible=check.points
        )
        for task in lab.spec.tasks
        for check in task.checks
    )
    points = sum(check.possible for check in checks)
    return Result(
        lab=lab.id, lab_version="simulated", submission=submission.path, student=submission.student,
        submission_sha256=submission.sha256, outcome="finished", earned=points, possible=points, checks=checks,
    )  # fmt: skip


@contextlib.contextmanager
def _no_images(*_: object) -> Iterator[None]:
    yield None


def work(url: str, folder: Path, run: str, jobs: int, hold: float) -> Told:
    """Work until the queue is empty. To be called in a process of its own."""
    meter, database = Meter(), Database(url)
    began = time.process_time()
    site = Simulation(database, folder, run, hold, meter)
    with site, patch.object(pod, "Attachment", NobodyInside), contextlib.closing(site):
        Worker(MeteredQueue(database, meter), site.grade, jobs, name(), patience=Patience(poll=0.2)).run(until_empty=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
    return Told(dict(meter.calls), meter.seconds, time.process_time() - began, peak)
