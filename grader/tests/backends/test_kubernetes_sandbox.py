"""What a sandbox's pod forbids, how its ends are told apart, and what waits prepared for the next."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.backends.kubernetes import leases, pod, pool
from grader.backends.kubernetes.backend import IMAGES, KubernetesBackend
from grader.backends.kubernetes.cluster import Cluster, ClusterError
from grader.backends.kubernetes.sandbox import PodSandbox
from grader.backends.protocol import Environment, Sandbox, SandboxRequest
from grader.errors import SandboxFailed
from grader.spec.limits import Limits
from grader.tests import clusters
from grader.tests.contract.conftest import DOCKERFILE, Opener
from grader.tests.contract.kernel import end_of, kernel_of, processes_with, wait_until

pytestmark = pytest.mark.kubernetes


@pytest.fixture(scope="module")
def backend(environment: Environment) -> Iterator[KubernetesBackend]:
    made = clusters.backend(1, DOCKERFILE)
    clusters.load(environment, DOCKERFILE, made.prepare(environment))
    yield made
    made.close()


@pytest.fixture(scope="module")
def api() -> Cluster:
    return clusters.cluster()


def pod_of(sandbox: Sandbox) -> str:
    """The path of its pod."""
    assert isinstance(sandbox, PodSandbox)
    return sandbox._pod._path


def request(environment: Environment, **limits: int) -> SandboxRequest:
    return SandboxRequest("run", environment, {}, {}, (), Limits.model_validate(limits))


def test_nothing_of_the_cluster_is_reached(backend: KubernetesBackend, api: Cluster, opened: Opener) -> None:
    """Neither the API server, nor a node's kubelet, nor the cloud's metadata, nor names, nor a neighbour's pod, nor a
    service: each times out. No credential of the cluster is there to try."""
    neighbour = opened()
    with kernel_of(neighbour.connection) as other, kernel_of(opened().connection) as kernel:
        other.run("import socket; server = socket.create_server(('0.0.0.0', 7777))")
        server = api.get("/api/v1/namespaces/default/services/kubernetes")["spec"]["clusterIP"]
        node = api.get("/api/v1/nodes")["items"][0]["status"]["addresses"][0]["address"]
        kernel.run("import os, socket")
        targets = {
            "the API server": (server, 443),
            "a node's kubelet": (node, 10250),
            "the metadata address": ("169.254.169.254", 80),
            "a neighbour's pod": (api.get(pod_of(neighbour))["status"]["podIP"], 7777),
            "the cluster's names": (api.get("/api/v1/namespaces/kube-system/services/kube-dns")["spec"]["clusterIP"], 53),
        }
        found = {name: kernel.run(f"socket.create_connection({address!r}, 2)") for name, address in targets.items()}
        known = kernel.run("print(os.path.exists('/var/run/secrets'), [n for n in os.environ if 'KUBERNETES' in n])")
    assert {name: text.partition(":")[0] for name, text in found.items()} == dict.fromkeys(targets, "TimeoutError")
    assert known == "False []\n"


def test_what_the_code_may_not_do(opened: Opener) -> None:
    """No root, no writable system, no look into the agent or process 1, no more disk, file size or processes than allowed."""
    attempts = {
        "write outside": "open('/opt/x', 'w')",
        "the grader's pipe": "os.listdir(f'/proc/{keeper}/fd')",
        "the keeper's memory": "open(f'/proc/{keeper}/mem', 'rb')",
        "process 1's memory": "open('/proc/1/mem', 'rb')",
        "interrupt process 1": "os.kill(1, 2)",
        "become root": "os.setuid(0)",
        "raise a limit": "resource.setrlimit(resource.RLIMIT_NPROC, (4096, 4096))",
        "mount": "call(libc.mount, b'tmpfs', b'/work', b'tmpfs', 0, None)",
        "new namespace": "call(libc.unshare, 0x10000000)",
        "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "large file": "open('large', 'wb').write(bytes(5 * 2**20))",
        "fill the disk": "[open(f'f{i}', 'wb').write(bytes(3 * 2**20)) for i in range(4)]",
        "fill the other folders": "open('/dev/shm/f', 'wb').write(bytes(3 * 2**20))",
        "fork bomb": "[subprocess.Popen(['sleep', '60']) for _ in range(100)]",
    }
    limits = Limits.model_validate({"processes": 40, "disk_mb": 8, "file_mb": 4})
    with kernel_of(opened(limits=limits).connection) as kernel:
        kernel.run(
            "import ctypes, os, resource, socket, subprocess\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "def call(function, *arguments):\n"
            "    if function(*arguments) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
            "def parent(pid): return int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])\n"
            "keeper = parent(parent(os.getppid()))"
        )
        found = {name: kernel.run(code).partition(":")[0] for name, code in attempts.items()}
        assert kernel.run("print('alive')") == "alive\n"
    system = dict.fromkeys(("write outside", "large file", "fill the disk", "fill the other folders"), "OSError")
    own = {"raise a limit": "ValueError", "fork bomb": "BlockingIOError", "interrupt process 1": ""}
    assert found == {**dict.fromkeys(attempts, "PermissionError"), **system, **own}


def test_what_was_deleted_has_vanished(api: Cluster, opened: Opener) -> None:
    """`kubectl delete pod`, with and without grace: our fault, never the student's."""
    for grace in ("0", "30"):
        sandbox = opened()
        api.delete(pod_of(sandbox), gracePeriodSeconds=grace)
        ended = end_of(sandbox)
        assert (ended.how, "deleted from outside" in ended.detail) == ("vanished", True)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.kill(1, 15)",
        "import os; os.kill(1, 2); os.kill(1, 10); os.kill(1, 15)",
        "import os; os.kill(-1, 9)",
        "import os; os.kill(os.getppid(), 9)",
    ],
    ids=["process-1", "process-1-by-other-signals", "all-others", "its-warden"],
)
def test_what_the_code_ended_itself_has_exited(opened: Opener, code: str) -> None:
    """Whoever kills what carries the sandbox has ended its own run: no way to have a fault of ours."""
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        kernel.send(code)
        assert end_of(sandbox).how == "exited"


def test_memory_filled_with_files_is_out_of_memory(opened: Opener) -> None:
    """The work folder lies in memory: who fills the limit with files ends like any hog."""
    sandbox = opened(limits=Limits.model_validate({"memory_mb": 128, "disk_mb": 256}))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("for i in range(16): open(f'{i}', 'wb').write(b'x' * 15_000_000)")
        assert end_of(sandbox).how == "out_of_memory"


def test_an_image_that_no_node_has(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known in seconds, as our fault, with what to do."""
    monkeypatch.setenv(IMAGES, "registry.invalid/nowhere")
    backend = clusters.backend(0, DOCKERFILE)
    with pytest.raises(SandboxFailed, match=r"image registry.invalid/nowhere/contract:\w+ can't be had.*mlops admin images"):
        backend.open(request(environment))
    backend.close()


def test_one_waits_while_another_runs(backend: KubernetesBackend, environment: Environment, opened: Opener) -> None:
    """A pod serves once: what is opened next is another pod, that was prepared meanwhile."""
    first = opened()
    kind = pool.kind_of(environment, backend.prepare(environment), Limits())
    assert wait_until(lambda: backend._pool.waiting(kind) == 1, 60)
    waiting = {one.name for one in backend._pool._state._shelves[kind].idle}
    second = opened()
    assert isinstance(second, PodSandbox)
    assert isinstance(first, PodSandbox)
    assert (second._pod.name in waiting, second._pod.name != first._pod.name) == (True, True)


def test_pods_of_a_replaced_image_go(environment: Environment, tmp_path: Path) -> None:
    """When the lock changes, what was prepared from the one before is deleted, and no longer counted."""
    backend = clusters.backend(1, DOCKERFILE)
    called = backend.prepare(environment)
    backend.open(request(environment)).close()
    kept = backend._pool
    kind = pool.kind_of(environment, called, Limits())
    assert wait_until(lambda: kept.waiting(kind) == 1, 60)
    with kept._state._changed:
        kept._state._drop_replaced(pool.kind_of(environment, f"{called}-new", Limits()))
        kept._state._changed.notify_all()
    assert wait_until(lambda: kept.waiting(kind) == 0)
    backend.close()


def test_close_leaves_no_pod_and_no_thread(api: Cluster, environment: Environment) -> None:
    """After `close` of a backend the cluster knows neither its sandboxes, nor what waited, nor its Lease."""
    before = set(threading.enumerate())
    backend = clusters.backend(1, DOCKERFILE)
    sandbox = backend.open(request(environment))
    lease, place = backend._place.owner.get().name, backend._place
    sandbox.close()
    backend.close()
    assert wait_until(lambda: its_pods(api, place, lease) == [])
    with pytest.raises(ClusterError) as raised:
        api.get(f"{leases._leases(place.namespace)}/{lease}")
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert (raised.value.status, left & {"tunnel", "pod-streams"}) == (404, set())


def its_pods(api: Cluster, place: pod.Place, lease: str) -> list[Any]:
    return list(api.get(place.pods, labelSelector=f"mlops-course.lease={lease}")["items"])


KILLED = """
import sys
from grader.tests.contract import conftest
from grader.tests.contract.kernel import kernel_of
from grader.backends.protocol import *
from grader.spec.environment import EnvironmentSpec
from grader.spec.limits import Limits
backend = conftest.kubernetes_backend(1)
environment = Environment(EnvironmentSpec(schema=1, id="contract", title="x", purpose="x"), conftest.HERE / "environment")
sandbox = backend.open(SandboxRequest("orphan", environment, {}, {}, (), Limits()))
with kernel_of(sandbox.connection) as kernel:
    sleep = f"[sys.executable, '-c', 'import time; time.sleep(600)', {sys.argv[1]!r}]"
    kernel.run(f"import subprocess, sys; subprocess.Popen({sleep})")
    print(backend._place.owner.get().name, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_grader_held_ends_by_itself(backend: KubernetesBackend, api: Cluster) -> None:
    """kill -9 of a process that holds a sandbox and prepared pods: their processes end with its connection, before anybody
    looks; the next `reap` removes what is left in the cluster."""
    marker, place = uuid.uuid4().hex, backend._place
    command = [sys.executable, "-c", KILLED, marker]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=DOCKERFILE.parents[1]) as owner:
        assert owner.stdout is not None
        lease = owner.stdout.readline().decode().strip()
        owner.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not processes_with(marker))
    assert "prepared-contract" in backend.reap()
    assert wait_until(lambda: its_pods(api, place, lease) == [])
