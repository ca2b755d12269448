"""What a sandbox is to Kubernetes: pure functions from a spec to the objects of its namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.backends.containment import KIND, MIB, NAME, OPEN_FILES, WORK
from grader.backends.prepared import bootstrap

if TYPE_CHECKING:
    from grader.spec.limits import Limits

Json = dict[str, Any]
LEASE = "mlops-course.lease"
"""Label of everything that one grader holds: the name of its Lease."""
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}
CONTAINER = "sandbox"
MOUNTS = {WORK: "work", "/tmp": "tmp", "/dev/shm": "shm"}  # noqa: S108  # private to the pod
"""All that can be written: folders of one file system in memory, so that one limit holds for all of it together."""
OWN_PROCESSES = 4
"""Of a pod: its process 1, the agent, and of a prepared one the zygote and a warden."""
LIFE_SECONDS = 2 * 3600
"""A pod that nobody has ended by then is ended by the cluster: more than it may wait prepared, and then run."""
CPU_REQUEST = 0.1
"""Share of the limit that is set aside for a pod: most wait most of the time, for memory or a service."""
LOGS_MIB = 16
DUMPABLE = 4
"""PR_SET_DUMPABLE of prctl(2): off, nobody but root looks into a process or changes it."""
ENDED = 75
"""The status with which process 1 of a sandbox ends when something in it says so. A pod that is deleted ends so as well."""
PROCESS_1 = f"""
import ctypes, os, signal
if ctypes.CDLL(None).prctl({DUMPABLE}, 0, 0, 0, 0):
    os._exit(1)
for number in signal.valid_signals() - {{signal.SIGKILL, signal.SIGSTOP}}:
    signal.signal(number, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: os._exit({ENDED}))
while True:
    signal.pause()
"""
"""Collects orphans. Whatever runs as its user can end it by SIGTERM alone, with the status that tells so: any other would look
like an end from outside, a fault of ours. What speaks to the grader is started beside it, since what process 1 prints is kept
on the node's disk."""
AGENT = """
import os, resource, signal, socket, sys, time
for name, value in {limits}.items():
    resource.setrlimit(getattr(resource, name), (value, value))
def reached():
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((os.environ.get("KUBERNETES_SERVICE_HOST", "127.0.0.1"), {port})) == 0
deadline = time.monotonic() + {patience}
while reached():
    if time.monotonic() > deadline:
        sys.exit("the network of its pod is open: the cluster does not enforce NetworkPolicy "
                 "(its network plugin must, as Calico and Cilium do; see `mlops doctor --kubernetes`)")
    time.sleep(0.2)
try:
    exec({source!r})
finally:
    os.kill(1, signal.SIGTERM)
"""
"""Sets the limits that Kubernetes doesn't know, waits until the pod's network is closed, and becomes what the grader sends."""
API_PORT = 443
PATIENCE_SECONDS = 10
"""How long a network plugin may take to close a new pod's network."""


@dataclass(frozen=True)
class Owner:
    """The Lease that stands for a grader's life."""

    name: str
    uid: str


def namespace(name: str) -> Json:
    """A namespace that takes no pod with any privilege."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {KIND: "namespace", **RESTRICTED}}}


def closed_network() -> Json:
    """Nothing enters or leaves any pod of the namespace: what a sandbox may reach is handed in (decision 3)."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "labels": {KIND: "network"}},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


def quota(pods: int) -> Json:
    """At most so many pods, and nothing else that a sandbox has no use for."""
    nothing = ("services", "persistentvolumeclaims", "secrets", "replicationcontrollers")
    hard = {"pods": str(pods), **{f"count/{name}": "0" for name in nothing}}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "sandboxes", "labels": {KIND: "quota"}},
        "spec": {"hard": hard},
    }


def limit_range() -> Json:
    """What a container gets that doesn't say what it needs; ours all do."""
    little = {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": f"{LOGS_MIB}Mi"}
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "sandboxes", "labels": {KIND: "limits"}},
        "spec": {"limits": [{"type": "Container", "default": little, "defaultRequest": little}]},
    }


def lease(name: str, owner: str, now: str, seconds: int) -> Json:
    """A grader's sign of life. `owner` tells its process, `now` is a time as the API writes it."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "labels": {KIND: "grader"}, "annotations": {"mlops-course.owner": owner}},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": seconds, "acquireTime": now, "renewTime": now},
    }


def pod(name: str, says: str, image: str, limits: Limits, uid: int, owner: Owner) -> Json:
    """The pod of one sandbox. `says` is what people call it; `uid` is a user id that no other pod of the node has."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {KIND: "sandbox", LEASE: owner.name},
            "annotations": {NAME: says, "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
            "ownerReferences": [
                {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "name": owner.name, "uid": owner.uid}
            ],
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": LIFE_SECONDS,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "hostname": "sandbox",
            "nodeSelector": {"kubernetes.io/os": "linux"},
            # Nobody answers there, so a name is unknown at once.
            "dnsPolicy": "None",
            "dnsConfig": {
                "nameservers": ["127.0.0.1"],
                "options": [{"name": "timeout", "value": "1"}, {"name": "attempts", "value": "1"}],
            },
            "securityContext": pod_security(uid),
            "containers": [_container(image, limits)],
            "volumes": [{"name": "private", "emptyDir": {"medium": "Memory", "sizeLimit": f"{limits.disk_mb}Mi"}}],
        },
    }


def pod_security(uid: int, group: int | None = None) -> Json:
    """Who a pod's processes are: nobody that owns anything. `group` owns its volumes."""
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": uid,
        "seccompProfile": {"type": "RuntimeDefault"},
        **({} if group is None else {"fsGroup": group, "fsGroupChangePolicy": "OnRootMismatch"}),
    }


def container_security() -> Json:
    """No privilege, none to be had, and nothing of the image can be written."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
    }


def agent_command(limits: Limits) -> list[str]:
    """What is started in a sandbox's pod: it reads from standard input what else it is (`bootstrap.message`)."""
    ceilings = {
        "RLIMIT_NPROC": limits.processes + OWN_PROCESSES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_FSIZE": limits.file_mb * MIB,
        "RLIMIT_CORE": 0,
    }
    *python, source = bootstrap.COMMAND
    return [*python, AGENT.format(limits=ceilings, port=API_PORT, patience=PATIENCE_SECONDS, source=source)]


def _container(image: str, limits: Limits) -> Json:
    whole = {"memory": f"{limits.memory_mb}Mi", "ephemeral-storage": f"{LOGS_MIB}Mi"}
    return {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-I", "-S", "-c", PROCESS_1],
        "workingDir": WORK,
        "resources": {
            "limits": {"cpu": _cores(limits.cpus), **whole},
            "requests": {"cpu": _cores(limits.cpus * CPU_REQUEST), **whole},
        },
        "securityContext": container_security(),
        "volumeMounts": [{"name": "private", "mountPath": path, "subPath": name} for path, name in MOUNTS.items()],
    }


def _cores(number: float) -> str:
    return f"{max(1, round(number * 1000))}m"
