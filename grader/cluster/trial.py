"""Looks at a cluster that need pods: in a namespace made for them, and removed again."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from grader.backends.containment import KIND
from grader.backends.kubernetes import manifests
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json
from grader.backends.kubernetes.pod import UNPULLED
from grader.cluster.finding import Finding

TRIAL = "trial"
FORGOTTEN = timedelta(minutes=15)
"""A trial's namespace that is older was left by a command that was killed."""
UID = 65534
LIFE_SECONDS = 600
PORT = 8080
START_SECONDS, PULL_SECONDS, CLOSE_SECONDS = 60.0, 300.0, 30.0
POLL_SECONDS = 0.3
LISTEN = f"import socket\nserver = socket.create_server(('', {PORT}))\nwhile True:\n    server.accept()[0].close()"
ASK = f"""
import socket, sys, time
while True:
    try:
        socket.create_connection((sys.argv[1], {PORT}), timeout=1).close()
        print("open", flush=True)
    except OSError:
        print("closed", flush=True)
    time.sleep(0.2)
"""
CURE_OF_NETWORK = "sandboxes would reach the network: use a network plugin that enforces policies, such as Calico or Cilium"


@contextlib.contextmanager
def namespace(cluster: Cluster) -> Iterator[str]:
    """A new namespace under Pod Security `restricted`, deleted at the end; and those that killed commands left. Raises
    ClusterError."""
    for left in cluster.get("/api/v1/namespaces", labelSelector=f"{KIND}={TRIAL}")["items"]:
        if datetime.now(UTC) - datetime.fromisoformat(left["metadata"]["creationTimestamp"]) > FORGOTTEN:
            cluster.delete(f"/api/v1/namespaces/{left['metadata']['name']}")
    name = f"mlops-doctor-{secrets.token_hex(4)}"
    wanted = manifests.namespace(name)
    wanted["metadata"]["labels"][KIND] = TRIAL
    cluster.create("/api/v1/namespaces", wanted)
    try:
        yield name
    finally:
        cluster.delete(f"/api/v1/namespaces/{name}")


def pod_security(cluster: Cluster, place: str) -> Finding:
    """Whether a pod that wants privileges is refused, and ours is not. Raises ClusterError."""
    greedy = _pod("greedy", {"greedy": "any:1"}, ["true"])
    greedy["spec"]["hostNetwork"] = True
    greedy["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    try:
        cluster.create(_pods(place), greedy, dryRun="All")
    except ClusterError as error:
        if error.status == 403 and "PodSecurity" in str(error):
            return Finding("Pod Security", True, "a privileged pod is refused where `restricted` is enforced")
        raise
    cure = "enable the PodSecurity admission plugin of the API server, which is on by default"
    return Finding("Pod Security", False, f"a privileged pod is admitted where `restricted` is enforced ({cure})")


def images(cluster: Cluster, place: str, wanted: Mapping[str, str]) -> tuple[Finding, str]:
    """Whether a node has or gets the image of each environment; and one that it has, or "". Raises ClusterError."""
    path = f"{_pods(place)}/images"
    cluster.create(_pods(place), _pod("images", wanted, ["python", "-c", ""]))
    deadline, waiting, lacking, node = time.monotonic() + PULL_SECONDS, set(wanted), dict[str, str](), "a node"
    while waiting and time.monotonic() < deadline:
        found = cluster.get(path)
        node = found["spec"].get("nodeName", "a node")
        for state in found["status"].get("containerStatuses", []):
            why = state["state"].get("waiting", {})
            if why.get("reason") in UNPULLED:
                lacking[state["name"]] = wanted[state["name"]]
            if state["name"] in lacking or "terminated" in state["state"] or "running" in state["state"]:
                waiting.discard(state["name"])
        time.sleep(POLL_SECONDS)
    cluster.delete(path)
    lacking |= {name: wanted[name] for name in waiting}
    there = next((image for name, image in wanted.items() if name not in lacking), "")
    if not lacking:
        return Finding("images", True, f"{node} has all {len(wanted)} of the environments"), there
    cure = "`mlops admin images --push REGISTRY/PREFIX`, and MLOPS_IMAGES=REGISTRY/PREFIX; or load them on the nodes"
    names = ", ".join(lacking[name] for name in sorted(lacking))
    return Finding("images", False, f"{node} can't have {names} ({cure})"), there


def network(cluster: Cluster, place: str, image: str) -> Finding:
    """Whether a policy that denies really stops what went through before, tried with pods of this image ("": there is none).
    Raises ClusterError."""
    if not image:
        return Finding("network", False, "not looked at: there is no image for two pods (see images)")
    address, why = _start(cluster, place, _pod("listens", {"listens": image}, ["python", "-c", LISTEN]))
    if address:
        _, why = _start(cluster, place, _pod("asks", {"asks": image}, ["python", "-c", ASK, address]))
    if why:
        return Finding("network", False, f"not looked at: {why} (make room on the nodes, then look again)")
    if not _says(cluster, place, ["open"], START_SECONDS):
        cure = "see the network plugin, and policies that hold for all namespaces"
        return Finding("network", False, f"a pod does not reach another one without any policy ({cure})")
    cluster.create(f"/apis/networking.k8s.io/v1/namespaces/{place}/networkpolicies", manifests.closed_network())
    began = time.monotonic()
    if not _says(cluster, place, ["closed"] * 3, CLOSE_SECONDS):
        return Finding("network", False, f"NetworkPolicy is not enforced ({CURE_OF_NETWORK})")
    return Finding("network", True, f"a policy that denies is enforced, within {time.monotonic() - began:.0f} s")


def _start(cluster: Cluster, place: str, pod: Json) -> tuple[str, str]:
    """Have a pod run: its address, or why it doesn't. Raises ClusterError."""
    name, deadline = pod["metadata"]["name"], time.monotonic() + START_SECONDS
    cluster.create(_pods(place), pod)
    while True:
        status = cluster.get(f"{_pods(place)}/{name}")["status"]
        if status.get("phase") == "Running" and status.get("podIP"):
            return str(status["podIP"]), ""
        if time.monotonic() > deadline:
            said = [one["message"] for one in status.get("conditions", []) if one["status"] != "True" and one.get("message")]
            return (
                "",
                f"a pod with {pod['spec']['containers'][0]['image']} did not run within {START_SECONDS:g} s: {'; '.join(said)}",
            )
        time.sleep(POLL_SECONDS)


def _says(cluster: Cluster, place: str, last: list[str], seconds: float) -> bool:
    """Wait until these are the last words of the pod that asks."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ClusterError):  # it doesn't run yet
            if cluster.text(f"{_pods(place)}/asks/log", tailLines="10").split()[-len(last) :] == last:
                return True
        time.sleep(POLL_SECONDS)
    return False


def _pod(name: str, images_by_name: Mapping[str, str], command: list[str]) -> Json:
    """A pod with a container for each image, all with the same command."""
    little = {"cpu": "10m", "memory": "64Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {KIND: TRIAL}},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": LIFE_SECONDS,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": manifests.pod_security(UID),
            "containers": [
                {
                    "name": called,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": command,
                    "resources": {"requests": little, "limits": {**little, "cpu": "500m"}},
                    "securityContext": manifests.container_security(),
                }
                for called, image in images_by_name.items()
            ],
        },
    }


def _pods(place: str) -> str:
    return f"/api/v1/namespaces/{place}/pods"
