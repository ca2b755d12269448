"""The Helm chart, rendered: what it makes of values, and what it never makes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.backends.kubernetes import manifests, namespaces, rights
from grader.tests.deployment.charts import CHART, helm, notes, pod_of, rendered

EVERYTHING: dict[str, Any] = {
    "publicUrl": "https://mlops.example.org",
    "imagePullSecrets": [{"name": "pull"}],
    "web": {"oidcSecret": "oidc", "openMetrics": True},
    "evidence": {"existingClaim": "evidence"},
    "ingress": {"enabled": True, "host": "mlops.example.org", "className": "nginx", "tlsSecret": "tls"},
    "serviceMonitor": {"enabled": True, "tokenSecret": {"name": "metrics"}},
    "autoscaling": {"kind": "hpa"},
}
"""All that can be switched on."""
EXTERNAL: dict[str, Any] = {
    "database": {"bundled": False, "existingSecret": "database", "key": "dsn"},
    "blobs": {"bundled": False, "existingSecret": "bucket", "url": "s3://work/of/2026", "endpoint": "https://s3.example.org"},
}
"""Nothing bundled."""
SPELLINGS = {"default": {}, "everything": EVERYTHING, "external": EXTERNAL, "keda": {"autoscaling": {"kind": "keda"}}}
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize("values", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_helm_finds_nothing_to_say(values: dict[str, Any]) -> None:
    """But that there is no picture of it."""
    said = helm.lint(CHART, values, strict=True, namespace="course")
    assert [message["error"] for message in said["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("values", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_pod_is_restricted(values: dict[str, Any]) -> None:
    """Nobody's user, no privilege, nothing of the image can be written, a limit of memory, and no token of the API but the
    workers'."""
    pods = {name: pod for name, one in rendered(**values).items() if (pod := pod_of(one)) is not None}
    assert len(pods) >= 4
    for name, pod in pods.items():
        security = pod["securityContext"]
        assert (security["runAsNonRoot"], security["seccompProfile"]) == (True, {"type": "RuntimeDefault"}), name
        assert pod["enableServiceLinks"] is False, name
        assert pod.get("automountServiceAccountToken", True) == (name == "StatefulSet/mlops-worker"), name
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert container["securityContext"] == RESTRICTED, name
            assert "memory" in container["resources"]["limits"], name
            assert not container["image"].endswith(":latest"), name


@pytest.mark.parametrize("values", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_what_hangs_is_started_again(values: dict[str, Any]) -> None:
    """Each pod that stays is asked whether it lives, and given time to start first."""
    pods = {name: pod for name, one in rendered(**values).items() if (pod := pod_of(one)) is not None}
    asked = {
        name: all({"startupProbe", "livenessProbe"} <= set(container) for container in pod["containers"])
        for name, pod in pods.items() if name.startswith(("Deployment/", "StatefulSet/"))
    }  # fmt: skip
    assert len(asked) >= 2
    assert set(asked.values()) == {True}, asked


def test_a_worker_lives_as_long_as_it_touches_its_file(tmp_path: Path) -> None:
    """The probe's own command, on a file that was touched just now, one of ten minutes ago, and none."""
    (container,) = rendered()["StatefulSet/mlops-worker"]["spec"]["template"]["spec"]["containers"]
    shell, option, command = container["livenessProbe"]["exec"]["command"]
    (place,) = [one.removeprefix("--alive-file=") for one in container["args"] if one.startswith("--alive-file=")]
    file = tmp_path / "alive"

    def lives() -> bool:
        asked = [shell, option, command.replace(place, str(file))]
        return subprocess.run(asked, check=False, capture_output=True).returncode == 0

    found = [lives()]
    file.touch()
    found.append(lives())
    os.utime(file, (time.time() - 600,) * 2)
    assert [*found, lives()] == [False, True, False]


def test_what_is_made_by_default() -> None:
    """Web, a worker, a database and a store; nothing that needs what a cluster may lack."""
    assert sorted(rendered()) == [
        "Deployment/mlops-web",
        "Job/mlops-migrations",
        "LimitRange/course-sandboxes/sandboxes",
        "Namespace/course-sandboxes",
        "Namespace/course-services",
        "NetworkPolicy/course-sandboxes/closed",
        "NetworkPolicy/course-services/closed",
        "NetworkPolicy/course-services/graders",
        "NetworkPolicy/mlops-migrations",
        "NetworkPolicy/mlops-postgres",
        "NetworkPolicy/mlops-s3",
        "NetworkPolicy/mlops-web",
        "NetworkPolicy/mlops-worker",
        "Pod/mlops-ready",
        "PodDisruptionBudget/mlops-web",
        "PodDisruptionBudget/mlops-worker",
        "ResourceQuota/course-sandboxes/sandboxes",
        "Role/course-sandboxes/mlops-worker",
        "Role/course-services/mlops-worker",
        "RoleBinding/course-sandboxes/mlops-worker",
        "RoleBinding/course-services/mlops-worker",
        "Secret/mlops-bundled",
        "Service/mlops",
        "Service/mlops-postgres",
        "Service/mlops-s3",
        "ServiceAccount/mlops-worker",
        "StatefulSet/mlops-postgres",
        "StatefulSet/mlops-s3",
        "StatefulSet/mlops-worker",
    ]


def test_what_can_be_switched_on_is_made() -> None:
    """Ingress, a monitor, an autoscaler; each names what it is about."""
    made = rendered(**EVERYTHING)
    assert made["Ingress/mlops"]["spec"] == {
        "ingressClassName": "nginx",
        "tls": [{"hosts": ["mlops.example.org"], "secretName": "tls"}],
        "rules": [
            {
                "host": "mlops.example.org",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "mlops", "port": {"name": "http"}}},
                        }
                    ]
                },
            }
        ],
    }
    assert made["ServiceMonitor/mlops"]["spec"]["endpoints"] == [
        {
            "port": "http",
            "path": "/metrics",
            "interval": "30s",
            "authorization": {"credentials": {"name": "metrics", "key": "token"}},
        }
    ]
    scaler = made["HorizontalPodAutoscaler/mlops-worker"]["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "mlops-worker"}
    states = {"matchExpressions": [{"key": "state", "operator": "In", "values": ["waiting", "leased"]}]}
    assert scaler["metrics"][0]["external"]["metric"] == {"name": "mlops_queue_jobs", "selector": states}
    assert "replicas" not in made["StatefulSet/mlops-worker"]["spec"]
    variables = {one["name"] for one in made["Deployment/mlops-web"]["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert {"MLOPS_OIDC_ISSUER", "MLOPS_OIDC_CLIENT_ID", "MLOPS_OIDC_CLIENT_SECRET"} <= variables


def test_keda_reaches_the_bundled_database() -> None:
    """Its operator lives in another namespace: the database's name is whole, and where KEDA was asked for its policy lets the
    operator in."""

    def let_in(**values: Any) -> list[Any]:
        return list(rendered(**values)["NetworkPolicy/mlops-postgres"]["spec"]["ingress"][0]["from"])

    url = rendered()["Secret/mlops-bundled"]["stringData"]["url"]
    assert url.rpartition("@")[2] == "mlops-postgres.course.svc:5432/gradebook"
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "scalers"}},
        "podSelector": {"matchLabels": {"app": "keda-operator"}},
    }
    assert let_in(autoscaling={"kind": "keda", "kedaNamespace": "scalers"}) == [*let_in(), operator]


def test_ones_own_database_and_bucket() -> None:
    """Nothing is bundled; addresses and passwords come from Secrets that are there; the tables are made first of all."""
    made = rendered(**EXTERNAL)
    assert [name for name in made if re.search("postgres|s3|bundled", name)] == []
    job = made["Job/mlops-migrations"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "MLOPS_DATABASE", "valueFrom": {"secretKeyRef": {"name": "database", "key": "dsn"}}},
        {"name": "MLOPS_BLOBS", "value": "s3://work/of/2026"},
        {"name": "AWS_DEFAULT_REGION", "value": "us-east-1"},
        {"name": "AWS_ENDPOINT_URL", "value": "https://s3.example.org"},
        {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "bucket", "key": "access-key-id"}}},
        {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": {"secretKeyRef": {"name": "bucket", "key": "secret-access-key"}}},
    ]
    assert rendered()["Job/mlops-migrations"]["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"


def test_workers_may_do_what_they_do() -> None:
    """The Roles are the list that `mlops doctor --kubernetes` asks for, no more."""
    made = rendered()
    for end, allowed in (("sandboxes", rights.SANDBOXES), ("services", rights.SERVICES)):
        assert made[f"Role/course-{end}/mlops-worker"]["rules"] == rights.rules(allowed)
    assert [name for name in made if name.startswith("Cluster")] == []


def test_the_namespaces_are_those_that_the_backend_would_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word, since it leaves as they are what it finds there."""
    monkeypatch.setenv("MLOPS_KUBE_NAMESPACE", "course")
    made = rendered()
    for name, contents in (
        (namespaces.sandboxes(), namespaces.of_sandboxes()),
        (namespaces.services(), namespaces.of_services()),
    ):
        labels = made[f"Namespace/{name}"]["metadata"]["labels"]
        assert {key: labels.get(key) for key in manifests.RESTRICTED} == manifests.RESTRICTED
        for one in contents:
            assert made[f"{one['kind']}/{name}/{one['metadata']['name']}"]["spec"] == one["spec"]


def test_the_stores_are_reached_by_ours_alone() -> None:
    """By web, workers and migrations of the same release; and neither the database nor the store reaches anything."""
    for store in ("postgres", "s3"):
        policy = rendered()[f"NetworkPolicy/mlops-{store}"]["spec"]
        assert (policy["policyTypes"], "egress" in policy) == (["Ingress", "Egress"], False)
        assert [list(peer) for rule in policy["ingress"] for peer in rule["from"]] == [["podSelector"]]


WRONG: dict[str, dict[str, Any]] = {
    "webb": {"webb": {"replicas": 1}},
    "/image/tag": {"image": {"tag": "latest"}},
    "publicUrl": {"publicUrl": "mlops.example.org"},
    "kind": {"autoscaling": {"kind": "magic"}},
    "replicas": {"web": {"replicas": 0}},
}


@pytest.mark.parametrize(("words", "values"), WRONG.items(), ids=list(WRONG))
def test_wrong_values_are_refused(words: str, values: dict[str, Any]) -> None:
    """With the value's name."""
    with pytest.raises(helm.HelmError, match=words):
        rendered(**values)


def test_a_database_of_ones_own_has_a_name() -> None:
    """Else it says which value names it."""
    with pytest.raises(helm.HelmError, match=r"database\.existingSecret names the Secret"):
        rendered(database={"bundled": False})


def test_the_notes_say_what_is_only_for_trying() -> None:
    """And not when nothing is."""
    assert "Nobody backs that up" in notes()
    assert "Nobody backs that up" not in notes(**EXTERNAL)
    assert "all marks are gone" in notes(database={"storage": {"ephemeral": True}})


def test_the_readme_lists_every_value() -> None:
    """With its default, as values.yaml has it."""
    text = (CHART / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", text, re.MULTILINE))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert {name: json.loads(default) for name, default in rows.items()} == dict(leaves(values))


def leaves(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted names and values; what Kubernetes reads as a whole is one."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        whole = not isinstance(value, dict) or not value or key == "resources"
        found += [(prefix + key, value)] if whole else leaves(value, f"{prefix}{key}.")
    return found
