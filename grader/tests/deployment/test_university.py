"""The page "grade a university" on a real cluster, command by command; and what is lost when its parts are killed: nothing.

The images must be on the nodes, or MLOPS_KUBE_LOAD name the command that loads them. The service is reached by its address in
the cluster.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.backends.kubernetes.cluster import Cluster, ClusterError
from grader.backends.kubernetes.hosting import STORAGE
from grader.course.tree import Course, Lab
from grader.tests import clusters
from grader.tests.contract.kernel import wait_until
from grader.tests.deployment import charts, images
from grader.tests.deployment.classroom import Classroom, known
from grader.tests.deployment.kubectl import kubectl
from grader.tests.deployment.test_chart import EVERYTHING
from grader.tests.path.conftest import MLOPS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "grader" / "docs" / "grade-a-university.md"
WORKS = ("solution", "starter", "constant-metric", "metric-of-the-training-rows")
CLASS = 20
VOLUMES = 9
"""Of the database, of two workers, and of three lab services for each of them."""
KEDA = "/apis/keda.sh/v1alpha1"
LITTLE = {"requests": {"cpu": "20m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
"""A machine that runs tests has other things to do, and a node gives no more cores than it has."""
VALUES: dict[str, Any] = {
    "image": {"tag": images.tag()},
    "storesImage": {"tag": images.tag()},
    "web": {"replicas": 1, "openMetrics": True, "resources": LITTLE},
    "worker": {"jobs": 2, "leaseSeconds": 15, "drainSeconds": 60, "resources": LITTLE},
    "sandboxes": {"prepared": 1},
    "blobs": {"storage": {"ephemeral": True}, "resources": LITTLE},
}
pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(1500)]


@dataclass(frozen=True)
class Installed:
    """The chart in namespaces of this test's own."""

    cluster: Cluster
    namespace: str
    folder: Path

    def run(self, line: str, may_fail: bool = False) -> str:
        """A command of the page, in these namespaces."""
        words = re.sub(r"(?<=-n |ce )course\b", self.namespace, line)
        if words.startswith("helm "):
            charts.run(words, self.folder)
            return ""
        program, *rest = shlex.split(words)
        command = [*MLOPS, *rest] if program == "mlops" else [program, *rest]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
        assert may_fail or ran.returncode == 0, f"{words}: {ran.stdout}\n{ran.stderr}"
        return ran.stdout

    @property
    def url(self) -> str:
        """Where the service is."""
        spec = self.cluster.get(f"/api/v1/namespaces/{self.namespace}/services/mlops")["spec"]
        return f"http://{spec['clusterIP']}:8000"

    def classroom(self, lab: Lab) -> Classroom:
        """A course of its own on the service."""
        admin = f"admin-{secrets.token_hex(3)}"
        pod = f"kubectl -n course exec deployment/mlops-web -c web -- mlops admin link {admin} --admin"
        return Classroom(self.url, self.run(pod), lab, f"course-{secrets.token_hex(3)}")


def commands(*sections: str) -> list[str]:
    """What is to be typed in these sections of the page."""
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for section in sections:
        body = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert body is not None, section
        for block in re.findall(r"^```\n(.*?)^```$", body[1], re.MULTILINE | re.DOTALL):
            found += block.splitlines()
    return found


@pytest.fixture(scope="module")
def installed(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """As the page says, and taken down as it says; then nothing of it is left."""
    backend = clusters.backend(0)  # skips where there is no cluster
    for name in ("tracking", "servers"):
        environment = course.environment(name)
        clusters.load(environment, None, backend.prepare(environment))
    images.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "VOLUMES", VOLUMES)
        yield from _installed(tmp_path_factory, patch)


def _installed(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Iterator[Installed]:
    with clusters.volumes(tmp_path_factory.mktemp("volumes"), patch):
        storage = {"className": os.environ.get(STORAGE, "")}
        more = {
            "database": {"storage": storage, "resources": LITTLE},
            "worker": {**VALUES["worker"], "storage": storage},
            "sandboxes": {**VALUES["sandboxes"], "storageClass": storage["className"]},
        }
        made = Installed(clusters.cluster(), f"chart-{secrets.token_hex(4)}", tmp_path_factory.mktemp("university"))
        (made.folder / "values.yaml").write_text(yaml.safe_dump(VALUES | more), encoding="utf-8")
        try:
            for line in commands("Install"):
                made.run(line)
            yield made
            for line in commands("Take it down"):
                made.run(line)
        finally:
            for end in ("", "-sandboxes", "-services"):
                kubectl("delete", "namespace", f"{made.namespace}{end}", "--ignore-not-found", "--wait=false")


def test_the_page(installed: Installed, lab04: Lab) -> None:
    """The class is made by the page's commands; a solution that is handed in over HTTP is graded in a pod, and earns all
    points; what is looked at and saved is there."""
    for line in commands("What the cluster needs"):
        seen = installed.run(line, may_fail=True).splitlines()
        assert [row for row in seen if row.startswith("✗") and " images " not in row] == []
    said = {line: installed.run(line) for line in commands("Make the class")}
    link = next(text for line, text in said.items() if line.endswith("--admin"))
    classroom = Classroom(installed.url, link, lab04, "mathematics")
    assert "Mathematics" in classroom.page()
    assert classroom.earned(classroom.hand_in("bob", "solution")) == 100.0
    classroom.close()
    said = {line: installed.run(line) for line in commands("Watch it work")}
    assert '"event": "graded"' in next(text for line, text in said.items() if " logs " in line)
    assert "mlflow-0" in next(text for line, text in said.items() if "course-services get pods" in line)
    for line in commands("Keep it safe"):
        installed.run(line)
    assert (installed.folder / "class.tar.gz").stat().st_size > 1000


def test_the_api_knows_every_field(installed: Installed) -> None:
    """Of all that the chart can make of its values, but for what only operators know."""
    made = charts.rendered("fields", installed.namespace, **EVERYTHING)
    known = [one for one in made.values() if "monitoring.coreos.com" not in one["apiVersion"]]
    assert len(known) == len(made) - 1
    for one in known:
        if one["kind"] != "Namespace":
            one["metadata"].setdefault("namespace", installed.namespace)
    file = installed.folder / "all.yaml"
    file.write_text(yaml.safe_dump_all(known), encoding="utf-8")
    kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "--validate=strict", "--filename", str(file))


def test_nothing_is_lost(installed: Installed, lab04: Lab) -> None:
    """While a class's work is graded, the worker's pod, a sandbox's and the database's are deleted without warning, and then
    the release is upgraded: its hook runs, and every web and worker pod is another. Everybody gets the marks that the work has
    on every backend, once; nothing is stuck."""
    classroom = installed.classroom(lab04)
    assert classroom.earned(classroom.hand_in("first", "solution")) == 100.0  # the lab's services are up
    work = {f"student-{number}": WORKS[number % len(WORKS)] for number in range(CLASS)}
    handed_in = {student: classroom.hand_in(student, name) for student, name in work.items()}
    deleted = [delete(installed, pods) for pods in (a_sandbox, the_worker, the_database)]
    assert all(deleted)
    with ThreadPoolExecutor(CLASS) as pool:
        marks = pool.map(classroom.earned, handed_in.values())
        before = parts(installed)
        installed.run(upgrade().replace("worker.jobs=3", "worker.jobs=1,web.resources.requests.cpu=21m"))
        earned = dict(zip(work, marks, strict=True))
    assert parts(installed).isdisjoint(before)
    assert earned == {student: known(lab04, name)[1] for student, name in work.items()}
    jobs = classroom.jobs()
    assert (jobs["waiting"], jobs["leased"], jobs["dead"]) == (0, 0, 0)
    classroom.close()


def test_keda_brings_a_worker_for_a_long_queue(installed: Installed, lab04: Lab) -> None:
    """Where there is KEDA: it asks the bundled database, finds more gradings than one worker shall have, and brings another."""
    try:
        installed.cluster.get(KEDA)
    except ClusterError:
        pytest.skip("this cluster has no KEDA: nothing scales workers")
    classroom = installed.classroom(lab04)
    scaled = "autoscaling.kind=keda,autoscaling.jobsPerWorker=2,autoscaling.max=2"
    installed.run(upgrade().replace("worker.jobs=3", f"worker.jobs=1,{scaled}"))
    handed_in = [classroom.hand_in(f"keda-{number}", "solution") for number in range(6)]
    workers = f"/apis/apps/v1/namespaces/{installed.namespace}/statefulsets/mlops-worker"
    another = wait_until(lambda: installed.cluster.get(workers)["spec"]["replicas"] == 2, 180)
    assert another, kubectl("-n", installed.namespace, "describe", "scaledobject,hpa")
    assert [classroom.earned(submission) for submission in handed_in] == [100.0] * 6
    classroom.close()


def a_sandbox(installed: Installed) -> tuple[str, str]:
    """One that runs a submission, or waits for one; the next, where there is none just now."""
    namespace, ends = f"{installed.namespace}-sandboxes", time.monotonic() + 120
    while not (found := kubectl("-n", namespace, "get", "pods", "-o", "name").split()):
        assert time.monotonic() < ends, "no sandbox came"
        time.sleep(0.1)
    return namespace, found[0]


def the_worker(installed: Installed) -> tuple[str, str]:
    return installed.namespace, "pod/mlops-worker-0"


def the_database(installed: Installed) -> tuple[str, str]:
    return installed.namespace, "pod/mlops-postgres-0"


def delete(installed: Installed, pods: Callable[[Installed], tuple[str, str]]) -> bool:
    """Without a moment to say good-bye."""
    namespace, name = pods(installed)
    return "deleted" in kubectl("-n", namespace, "delete", name, "--grace-period=0", "--force", "--wait=false")


def upgrade() -> str:
    """The page's command for it."""
    return next(line for line in commands("Watch it work") if line.startswith("helm upgrade "))


def parts(installed: Installed) -> set[str]:
    """The ids of the web and worker pods that are to stay."""
    found = installed.cluster.get(f"/api/v1/namespaces/{installed.namespace}/pods")["items"]
    pods = [one["metadata"] for one in found if "deletionTimestamp" not in one["metadata"]]
    return {pod["uid"] for pod in pods if pod["labels"].get("app.kubernetes.io/component") in ("web", "worker")}
