"""A grader with exactly the rights that are written down can do its work."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.backends.kubernetes import namespaces, rights
from grader.backends.kubernetes.backend import KubernetesBackend
from grader.backends.kubernetes.cluster import Cluster
from grader.backends.protocol import Environment, SandboxRequest
from grader.spec.limits import Limits
from grader.tests import clusters
from grader.tests.contract.conftest import DOCKERFILE
from grader.tests.contract.kernel import kernel_of
from grader.tests.contract.test_hosting import STORE, Stack, get

pytestmark = pytest.mark.kubernetes
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def account(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is a service account with these rights in the two namespaces, which are there."""
    owner = clusters.backend(0, DOCKERFILE)
    clusters.load(environment, DOCKERFILE, owner.prepare(environment))
    assert None not in (owner._place, owner._hosting)  # their namespaces are there now
    api, name = clusters.cluster(), f"grader-{uuid.uuid4().hex[:8]}"
    made = _grant(api, name)
    token = api.create(f"{made[0]}/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(_kubeconfig(api, token["status"]["token"])))
    monkeypatch.setenv("KUBECONFIG", str(file))
    monkeypatch.delenv("MLOPS_KUBE_CONTEXT", raising=False)
    yield
    for path in reversed(made):
        api.delete(path)
    owner.close()


def _grant(api: Cluster, name: str) -> list[str]:
    """Make the account; returns the paths of what was made, the account first."""
    home = f"/api/v1/namespaces/{namespaces.sandboxes()}/serviceaccounts"
    api.create(home, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    made = [f"{home}/{name}"]
    for namespace, allowed in (
        (namespaces.sandboxes(), rights.SANDBOXES),
        (namespaces.services(), rights.SERVICES + rights.OUTSIDE),
    ):
        group = f"/apis/{RBAC}/v1/namespaces/{namespace}"
        about: dict[str, Any] = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name}}
        api.create(f"{group}/roles", {**about, "kind": "Role", "rules": rights.rules(allowed)})
        binding = {
            "kind": "RoleBinding",
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespaces.sandboxes()}],
        }
        api.create(f"{group}/rolebindings", {**about, **binding})
        made += [f"{group}/roles/{name}", f"{group}/rolebindings/{name}"]
    return made


def _kubeconfig(api: Cluster, token: str) -> dict[str, Any]:
    configuration = api._client.configuration
    authority = Path(configuration.ssl_ca_cert).resolve()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": configuration.host, "certificate-authority": str(authority)}}],
        "users": [{"name": "x", "user": {"token": token}}],
    }


def test_the_rights_are_enough(
    account: None, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens a sandbox, hosts a service through the API, stops and erases it, and reaps."""
    monkeypatch.setenv("MLOPS_KUBE_REACH", "forward")
    backend = KubernetesBackend(DOCKERFILE, 1)
    sandbox = backend.open(SandboxRequest("run", environment, {}, {}, (), Limits()))
    with kernel_of(sandbox.connection) as kernel:
        assert kernel.run("print(6 * 7)") == "42\n"
    sandbox.close()
    assert isinstance(backend.reap(), list)
    backend.close()


def test_the_rights_are_enough_for_services(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The same for services, with volumes that the test itself has made."""
    clusters.backend(0)
    with clusters.volumes(tmp_path, monkeypatch):
        request.getfixturevalue("account")
        monkeypatch.setenv("MLOPS_KUBE_REACH", "forward")
        backend = KubernetesBackend(DOCKERFILE, 0)
        stack = Stack(backend, environment)
        running = stack.host(STORE)
        assert get(stack.ready(running) + "made.txt") == b"made once"
        backend.stop(running)
        backend.erase(stack.instance, "store")
