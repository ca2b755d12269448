"""What a lab's service is to Kubernetes: pure functions from a job to the objects that host it."""

from __future__ import annotations

import shlex
from posixpath import join
from typing import TYPE_CHECKING, Any

from grader.backends.containment import KIND
from grader.backends.kubernetes.manifests import container_security, pod_security
from grader.backends.protocol import placeholder_values

if TYPE_CHECKING:
    from grader.backends.protocol import ServiceJob
    from grader.spec.service import RenderedService

Json = dict[str, Any]
INSTANCE = "mlops-course.instance"
SERVICE = "mlops-course.service"
GRADER = "mlops-course.grader"
"""Label (`true`) of the pods that grade, in any namespace: they may reach the services."""
USER = 10001
"""`service`, the user that images have for servers."""
DATA, FILES, START = "/data", "/files", "/start"
SCRIPT = "start.sh"
SIZE = "5Gi"
CPUS = "1"
STOP_SECONDS = 20


def peers_only(instance: str) -> Json:
    """Services of an instance reach one another, and no other."""
    own = {INSTANCE: instance}
    them = [{"podSelector": {"matchLabels": own}}]
    return _policy(peers_name(instance), own, {"ingress": [{"from": them}], "egress": [{"to": them}]})


def peers_name(instance: str) -> str:
    """What the policy of an instance is called."""
    return f"peers-{instance}"


def open_to_graders() -> Json:
    """Services are reached by pods that grade."""
    graders = {"namespaceSelector": {}, "podSelector": {"matchLabels": {GRADER: "true"}}}
    return _policy("graders", {KIND: "service"}, {"ingress": [{"from": [graders]}]})


def _policy(name: str, pods: dict[str, str], rules: Json) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "labels": {**pods, KIND: "network"}},
        "spec": {
            "podSelector": {"matchLabels": pods},
            "policyTypes": sorted({"ingress": "Ingress", "egress": "Egress"}[rule] for rule in rules),
            **rules,
        },
    }


def object_name(instance: str, service: str) -> str:
    """What all objects of a service are called."""
    return f"{instance}-{service}"


def labels(instance: str, service: str) -> dict[str, str]:
    """How they are found."""
    return {KIND: "service", INSTANCE: instance, SERVICE: service}


def rendered(job: ServiceJob) -> RenderedService:
    """The service with its folders and ports as they are in its pod."""
    everywhere = "0.0.0.0"  # noqa: S104  # of its pod, which the network policy closes
    return job.spec.render(placeholder_values(job, everywhere, DATA, FILES, job.spec.ports))


def secret(job: ServiceJob) -> Json:
    """All that may hold a secret: its files, its variables, and the script that starts it."""
    what = rendered(job)
    data = {SCRIPT: script(what)}
    data |= {f"file-{number}": text for number, text in enumerate(what.files.values())}
    data |= {f"variable-{name}": value for name, value in what.variables.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(job), "type": "Opaque", "stringData": data}


def claim(job: ServiceJob, storage_class: str | None) -> Json:
    """Where its data is; None: of the cluster's default class."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(job),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": SIZE}},
            **({} if storage_class is None else {"storageClassName": storage_class}),
        },
    }


def service(job: ServiceJob) -> Json:
    """Its address, which stays the same until its data is erased."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(job),
        "spec": {
            "type": "ClusterIP",
            "selector": labels(job.instance, job.spec.id),
            "ports": [{"name": name, "port": number, "targetPort": number} for name, number in job.spec.ports.items()],
        },
    }


def stateful_set(job: ServiceJob, image: str) -> Json:
    """The one pod that runs it, made anew when it is lost."""
    own = labels(job.instance, job.spec.id)
    name = object_name(job.instance, job.spec.id)
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(job),
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": own},
            "template": {
                "metadata": {"labels": own},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "hostname": job.spec.id,
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "terminationGracePeriodSeconds": STOP_SECONDS,
                    # A process 1 that isn't the service: it collects orphans, and the service heeds SIGTERM.
                    "shareProcessNamespace": True,
                    "securityContext": pod_security(USER, group=USER),
                    "containers": [_container(job, image)],
                    "volumes": [
                        {"name": "data", "persistentVolumeClaim": {"claimName": name}},
                        {"name": "files", "secret": {"secretName": name, "defaultMode": 0o440, "items": _items(job)}},
                        {"name": "start", "secret": {"secretName": name, "items": [{"key": SCRIPT, "path": SCRIPT}]}},
                        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
                        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
                    ],
                },
            },
        },
    }


def script(what: RenderedService) -> str:
    """The set-up that is still to do, then the command in the shell's place."""
    steps = [f"[ -e {shlex.quote(join(DATA, step.creates))} ] || {shlex.join(step.run)} || exit" for step in what.setup]
    return "\n".join([*steps, f"exec {shlex.join(what.command)}"])


def _metadata(job: ServiceJob) -> Json:
    return {"name": object_name(job.instance, job.spec.id), "labels": labels(job.instance, job.spec.id)}


def _items(job: ServiceJob) -> list[Json]:
    """A key of a Secret holds no slash, so a file's path is said beside it."""
    return [{"key": f"file-{number}", "path": path} for number, path in enumerate(job.spec.files)]


def _container(job: ServiceJob, image: str) -> Json:
    name, memory = object_name(job.instance, job.spec.id), f"{job.spec.memory_mb}Mi"
    variables: list[Json] = [{"name": "HOME", "value": "/tmp"}]  # noqa: S108
    variables += [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": f"variable-{variable}"}}}
        for variable in job.spec.variables
    ]
    mounts = {"data": DATA, "files": FILES, "start": START, "tmp": "/tmp", "shm": "/dev/shm"}  # noqa: S108
    return {
        "name": "service",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", f"{START}/{SCRIPT}"],
        "workingDir": DATA,
        "env": variables,
        "ports": [{"name": port, "containerPort": number} for port, number in job.spec.ports.items()],
        "resources": {
            "limits": {"cpu": CPUS, "memory": memory},
            "requests": {"cpu": "100m", "memory": memory},
        },
        "securityContext": container_security(),
        "volumeMounts": [{"name": volume, "mountPath": path} for volume, path in mounts.items()],
    }
