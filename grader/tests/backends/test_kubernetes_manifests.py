"""The objects that the kubernetes backend makes, whole; and what it reads from those that the cluster keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.backends import owner
from grader.backends.kubernetes import leases, manifests, namespaces, pod, service_manifests
from grader.backends.kubernetes.attach import status_of
from grader.backends.protocol import Address, Ended, Environment, Running, ServiceJob
from grader.errors import BadInput, SandboxFailed
from grader.spec.environment import EnvironmentSpec
from grader.spec.limits import Limits
from grader.spec.service import ServiceSpec
from grader.tests import clusters

OWNER = manifests.Owner("grader-ab", "0123")
LIMITS = Limits(memory_mb=512, disk_mb=64, cpus=0.5, processes=20, file_mb=2)
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "sandbox-1",
        "labels": {"mlops-course.kind": "sandbox", "mlops-course.lease": "grader-ab"},
        "annotations": {"mlops-course.name": "somebody's run", "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        "ownerReferences": [{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "name": "grader-ab", "uid": "0123"}],
    },
    "spec": {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": 7200,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostname": "sandbox",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["127.0.0.1"],
            "options": [{"name": "timeout", "value": "1"}, {"name": "attempts", "value": "1"}],
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1_000_000_007,
            "runAsGroup": 1_000_000_007,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "sandbox",
                "image": "registry/tracking:abc",
                "imagePullPolicy": "IfNotPresent",
                "command": ["python", "-I", "-S", "-c", manifests.PROCESS_1],
                "workingDir": "/work",
                "resources": {
                    "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "16Mi"},
                    "requests": {"cpu": "50m", "memory": "512Mi", "ephemeral-storage": "16Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "privileged": False,
                    "readOnlyRootFilesystem": True,
                },
                "volumeMounts": [
                    {"name": "private", "mountPath": "/work", "subPath": "work"},
                    {"name": "private", "mountPath": "/tmp", "subPath": "tmp"},
                    {"name": "private", "mountPath": "/dev/shm", "subPath": "shm"},
                ],
            }
        ],
        "volumes": [{"name": "private", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
    },
}
CLOSED = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "closed", "labels": {"mlops-course.kind": "network"}},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
SANDBOXES = [
    CLOSED,
    {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "sandboxes", "labels": {"mlops-course.kind": "quota"}},
        "spec": {
            "hard": {
                "pods": "500",
                "count/services": "0",
                "count/persistentvolumeclaims": "0",
                "count/secrets": "0",
                "count/replicationcontrollers": "0",
            }
        },
    },
    {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "sandboxes", "labels": {"mlops-course.kind": "limits"}},
        "spec": {
            "limits": [
                {
                    "type": "Container",
                    "default": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
                    "defaultRequest": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
                }
            ]
        },
    },
]
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": "mlops-sandboxes",
        "labels": {
            "mlops-course.kind": "namespace",
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/audit-version": "latest",
            "pod-security.kubernetes.io/warn": "restricted",
            "pod-security.kubernetes.io/warn-version": "latest",
        },
    },
}
STORE = ServiceSpec.model_validate(
    {
        "schema": 1,
        "id": "store",
        "title": "A store of files",
        "environment": "servers",
        "needs": ["postgres"],
        "ports": {"web": 8000},
        "endpoint": "web",
        "secrets": ["word"],
        "files": {"conf/main.py": "serve('${bind}', ${port.web})"},
        "variables": {"WORD": "${secret.word}", "PEER": "${peer.postgres.host}:${peer.postgres.port}"},
        "setup": [{"creates": "made", "run": ["make", "${data}/made"]}],
        "command": ["python", "${files}/conf/main.py"],
        "ready": {"port": "web", "http": "/"},
        "memory_mb": 128,
    }
)
ITS = {
    "mlops-course.kind": "service",
    "mlops-course.instance": "kubernetes-12",
    "mlops-course.service": "store",
}
META = {"name": "kubernetes-12-store", "labels": ITS}


def job() -> ServiceJob:
    postgres = Running("postgres", "sql", {"sql": Address("127.0.0.1", 7)}, {"sql": Address("10.96.0.7", 5432)})
    environment = Environment(
        EnvironmentSpec.model_validate({"schema": 1, "id": "servers", "title": "x", "purpose": "x"}), Path()
    )
    return ServiceJob(STORE, environment, "kubernetes-12", {"word": "open$HOME"}, {"postgres": postgres}, {"postgres": {}}, {})


def test_a_sandboxs_pod() -> None:
    """Everything that confines a pod, and nothing that it doesn't need."""
    made = manifests.pod("sandbox-1", "somebody's run", "registry/tracking:abc", LIMITS, 1_000_000_007, OWNER)
    assert made == POD


def test_the_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restricted, closed to the network, and of little use for anything but pods."""
    for name in (namespaces.PREFIX, namespaces.PODS):
        monkeypatch.delenv(name, raising=False)
    assert (manifests.namespace(namespaces.sandboxes()), namespaces.of_sandboxes()) == (NAMESPACE, SANDBOXES)
    graders = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"mlops-course.grader": "true"}}}
    assert namespaces.of_services() == [
        CLOSED,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "graders", "labels": {"mlops-course.kind": "network"}},
            "spec": {
                "podSelector": {"matchLabels": {"mlops-course.kind": "service"}},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [graders]}],
            },
        },
    ]


def test_a_graders_lease() -> None:
    """It tells whose it is, and how long a sign of life counts."""
    assert manifests.lease("grader-ab", "{}", "2026-11-26T12:00:00.000000Z", 60) == {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "grader-ab",
            "labels": {"mlops-course.kind": "grader"},
            "annotations": {"mlops-course.owner": "{}"},
        },
        "spec": {
            "holderIdentity": "grader-ab",
            "leaseDurationSeconds": 60,
            "acquireTime": "2026-11-26T12:00:00.000000Z",
            "renewTime": "2026-11-26T12:00:00.000000Z",
        },
    }


def test_a_service() -> None:
    """No secret is in what describes its pod; each is in its Secret."""
    assert service_manifests.secret(job()) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": META,
        "type": "Opaque",
        "stringData": {
            "start.sh": "[ -e /data/made ] || make /data/made || exit\nexec python /files/conf/main.py",
            "file-0": "serve('0.0.0.0', 8000)",
            "variable-WORD": "open$HOME",
            "variable-PEER": "10.96.0.7:5432",
        },
    }
    assert service_manifests.service(job()) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": META,
        "spec": {"type": "ClusterIP", "selector": ITS, "ports": [{"name": "web", "port": 8000, "targetPort": 8000}]},
    }
    assert service_manifests.claim(job(), "fast") == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": META,
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "5Gi"}},
            "storageClassName": "fast",
        },
    }
    peers = [{"podSelector": {"matchLabels": {"mlops-course.instance": "kubernetes-12"}}}]
    assert service_manifests.peers_only("kubernetes-12") == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "peers-kubernetes-12",
            "labels": {"mlops-course.instance": "kubernetes-12", "mlops-course.kind": "network"},
        },
        "spec": {
            "podSelector": {"matchLabels": {"mlops-course.instance": "kubernetes-12"}},
            "policyTypes": ["Egress", "Ingress"],
            "ingress": [{"from": peers}],
            "egress": [{"to": peers}],
        },
    }


def test_a_services_pod() -> None:
    """Confined like a sandbox's, as the user that images have for servers; its process 1 collects orphans."""
    secret = {"name": "kubernetes-12-store"}
    assert service_manifests.stateful_set(job(), "registry/servers:abc") == {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": META,
        "spec": {
            "replicas": 1,
            "serviceName": "kubernetes-12-store",
            "selector": {"matchLabels": ITS},
            "template": {
                "metadata": {"labels": ITS},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "hostname": "store",
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "terminationGracePeriodSeconds": 20,
                    "shareProcessNamespace": True,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 10001,
                        "runAsGroup": 10001,
                        "seccompProfile": {"type": "RuntimeDefault"},
                        "fsGroup": 10001,
                        "fsGroupChangePolicy": "OnRootMismatch",
                    },
                    "containers": [
                        {
                            "name": "service",
                            "image": "registry/servers:abc",
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["/bin/sh", "/start/start.sh"],
                            "workingDir": "/data",
                            "env": [
                                {"name": "HOME", "value": "/tmp"},
                                {"name": "WORD", "valueFrom": {"secretKeyRef": {**secret, "key": "variable-WORD"}}},
                                {"name": "PEER", "valueFrom": {"secretKeyRef": {**secret, "key": "variable-PEER"}}},
                            ],
                            "ports": [{"name": "web", "containerPort": 8000}],
                            "resources": {
                                "limits": {"cpu": "1", "memory": "128Mi"},
                                "requests": {"cpu": "100m", "memory": "128Mi"},
                            },
                            "securityContext": manifests.container_security(),
                            "volumeMounts": [
                                {"name": "data", "mountPath": "/data"},
                                {"name": "files", "mountPath": "/files"},
                                {"name": "start", "mountPath": "/start"},
                                {"name": "tmp", "mountPath": "/tmp"},
                                {"name": "shm", "mountPath": "/dev/shm"},
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "data", "persistentVolumeClaim": {"claimName": "kubernetes-12-store"}},
                        {
                            "name": "files",
                            "secret": {
                                "secretName": "kubernetes-12-store",
                                "defaultMode": 0o440,
                                "items": [{"key": "file-0", "path": "conf/main.py"}],
                            },
                        },
                        {
                            "name": "start",
                            "secret": {
                                "secretName": "kubernetes-12-store",
                                "items": [{"key": "start.sh", "path": "start.sh"}],
                            },
                        },
                        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
                        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
                    ],
                },
            },
        },
    }


def ended(state: dict[str, Any] | None = None, deleted: bool = False, reason: str = "") -> dict[str, Any]:
    """A pod as the cluster records it."""
    status = {"containerStatuses": [{"state": state or {"running": {}}}], **({"reason": reason} if reason else {})}
    return {"metadata": {"name": "sandbox-1", **({"deletionTimestamp": "now"} if deleted else {})}, "status": status}


ENDS = {
    "deleted": (ended(deleted=True), 137, "vanished"),
    "evicted": (ended({"terminated": {"exitCode": 75}}, reason="Evicted"), 137, "vanished"),
    "past-its-deadline": (ended({"terminated": {"exitCode": 75}}, reason="DeadlineExceeded"), None, "vanished"),
    "killed-by-somebody-on-the-node": (ended({"terminated": {"exitCode": 137, "reason": "Error"}}), 137, "vanished"),
    "at-the-memory-limit": (ended({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), 137, "out_of_memory"),
    "process-1-told-to-end-from-inside": (ended({"terminated": {"exitCode": 75}}), None, "exited"),
    "agent-ended-from-inside": (ended(), 3, "exited"),
    "agent-killed-and-the-rest-not-yet-known": (ended(), 137, None),
    "nothing-known": (ended(), None, None),
}


@pytest.mark.parametrize(("found", "status", "how"), ENDS.values(), ids=ENDS)
def test_who_ended_a_pod(found: dict[str, Any], status: int | None, how: str | None) -> None:
    """What came from outside is our fault, whatever else happened; what came from inside is the student's."""
    end = pod.explain(found, status)
    assert (end and end.how) == how


def waiting(reason: str, message: str = "no such image") -> dict[str, Any]:
    return {
        "metadata": {"name": "sandbox-1"},
        "status": {"containerStatuses": [{"image": "r/x:1", "state": {"waiting": {"reason": reason, "message": message}}}]},
    }


def test_a_pod_that_will_never_run() -> None:
    """An image that can't be pulled is said at once, with what to do; what may still come is waited for."""
    with pytest.raises(SandboxFailed, match=r"image r/x:1 can't be had .*ErrImagePull: no such image.*mlops admin images"):
        pod.why_not(waiting("ErrImagePull"))
    with pytest.raises(SandboxFailed, match=r"can't be made .*CreateContainerError"):
        pod.why_not(waiting("CreateContainerError"))
    full = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient memory"}
    assert (pod.why_not(waiting("ContainerCreating", "")), pod.why_not({"metadata": {"name": "x"}, "status": {}})) == (
        "ContainerCreating",
        "",
    )
    lacking = {"metadata": {"name": "x"}, "status": {"conditions": [full]}}
    assert pod.why_not(lacking) == "Unschedulable: 0/1 nodes: Insufficient memory"


def test_whose_lease_is_dead() -> None:
    """A process of this machine that has ended is known at once; one elsewhere is dead when it was silent for three times its
    lease."""
    now = datetime.now(UTC)

    def silent(seconds: int, by: str) -> dict[str, Any]:
        renewed = (now - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
        annotations = {"mlops-course.owner": by}
        return {"metadata": {"annotations": annotations}, "spec": {"renewTime": renewed, "leaseDurationSeconds": 60}}

    gone = json.dumps({**json.loads(owner.current()), "started": "0"})
    found = [
        leases.is_dead(silent(seconds, by), now)
        for seconds, by in ((0, owner.current()), (0, gone), (170, "{}"), (190, "{}"), (190, owner.current()))
    ]
    assert found == [False, True, False, True, True]


def test_the_status_of_a_process() -> None:
    """The API's last message tells how a process ended; another message tells nothing."""
    failed = {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "137"}]}}
    messages = [b'{"status":"Success"}', json.dumps(failed).encode(), b'{"status":"Failure","message":"lost"}', b"no json"]
    assert [status_of(message) for message in messages] == [0, 137, None, None]


@pytest.mark.kubernetes
def test_a_live_api_server_takes_them() -> None:
    """Every object passes the API server's own validation, and its Pod Security admission, without a warning."""
    backend = clusters.backend(0)
    cluster, place, hosting = clusters.cluster(), backend._place, backend._hosting
    strict = {"dryRun": "All", "fieldValidation": "Strict"}
    made = manifests.pod("sandbox-1", "x", "registry/tracking:abc", LIMITS, 1_000_000_007, place.owner.get())
    assert cluster.create(place.pods, made, **strict)["spec"]["securityContext"] == POD["spec"]["securityContext"]  # type: ignore[index]
    cluster.create("/api/v1/namespaces", {**NAMESPACE, "metadata": {**NAMESPACE["metadata"], "name": "x"}}, **strict)  # type: ignore[dict-item]
    for each in SANDBOXES:
        path = namespaces.COLLECTIONS[str(each["kind"])].format(place.namespace)
        cluster.create(path, {**each, "metadata": {"name": "other"}}, **strict)
    for kind, body in {
        "secrets": service_manifests.secret(job()),
        "services": service_manifests.service(job()),
        "persistentvolumeclaims": service_manifests.claim(job(), None),
        "networkpolicies": service_manifests.peers_only("kubernetes-12"),
        "statefulsets": service_manifests.stateful_set(job(), "registry/servers:abc"),
    }.items():
        cluster.create(hosting._path(kind), body, **strict)


def test_an_end_is_whole() -> None:
    """The detail is a sentence that a report can show."""
    assert pod.explain(ended({"terminated": {"exitCode": 1}}), 137) == Ended(
        "vanished", "its container was ended from outside, with status 1"
    )


def test_a_setting_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not met as an error of Python; unset or empty it is the default."""
    monkeypatch.setenv("MLOPS_KUBE_PODS", "many")
    with pytest.raises(BadInput) as error:
        namespaces.of_sandboxes()
    assert str(error.value) == "MLOPS_KUBE_PODS is 'many', not a whole number (unset it for 500, or set another)"
    monkeypatch.setenv("MLOPS_KUBE_PODS", "")
    assert namespaces.of_sandboxes()[1] == manifests.quota(500)
