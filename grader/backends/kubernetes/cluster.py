"""Finding the cluster, and calls to its API: JSON in, JSON out, since our manifests are plain objects."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
from kubernetes.stream.ws_client import create_websocket
from websocket import WebSocket, WebSocketException

from grader.errors import Unavailable

CONTEXT = "MLOPS_KUBE_CONTEXT"
"""Names a context of the kubeconfig; by default its current one."""
TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
SECONDS = 30
"""How long one call may take."""
CONNECTIONS = 32
CURE = (
    "name a cluster by KUBECONFIG, and a context of it by MLOPS_KUBE_CONTEXT, until `kubectl get pods` works; "
    "`mlops doctor --kubernetes` says what else a cluster needs"
)
Json = dict[str, Any]


class ClusterError(Exception):
    """The API refused, or did not answer (`status` 0); the message is its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Cluster:
    """Calls to one cluster's API. May be used by many threads. Every call raises ClusterError."""

    def __init__(self, configuration: Any, where: str, certificates: tempfile.TemporaryDirectory[str] | None = None) -> None:
        """`certificates`: a folder with files that the configuration names, which lives as long as this."""
        configuration.connection_pool_maxsize = CONNECTIONS
        self._certificates = certificates
        self.where = where
        """The API's address and how it was found, for messages."""
        self._client = ApiClient(configuration)

    def get(self, path: str, **query: str) -> Json:
        """One object, or a list."""
        return self._call("GET", path, query)

    def text(self, path: str, **query: str) -> str:
        """What isn't JSON: a log."""
        return self._send("GET", path, query).decode(errors="replace")

    def create(self, path: str, body: Json, **query: str) -> Json:
        """Create an object in the collection at `path`."""
        return self._call("POST", path, query, body)

    def merge(self, path: str, body: Json) -> Json:
        """Change the named fields of an object."""
        return self._call("PATCH", path, {}, body, "application/merge-patch+json")

    def delete(self, path: str, **query: str) -> None:
        """Delete an object, or all of a collection that `labelSelector` names. Does nothing when there is none."""
        try:
            self._call("DELETE", path, query)
        except ClusterError as error:
            if error.status != 404:
                raise

    def watch(self, path: str, name: str, seconds: float) -> Iterator[Json]:
        """The object of this name in a collection: as it is, and at each change, for so long. `deleted` tells of its end."""
        query = {"watch": "true", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": f"{max(1, int(seconds))}"}
        response = self._open("GET", path, query, timeout=seconds + SECONDS)
        try:
            kept = b""
            for part in response.response.stream():
                *lines, kept = (kept + part).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ClusterError(event["object"].get("code", 0), event["object"].get("message", "the watch broke"))
                    yield {"deleted": event["type"] == "DELETED", **event["object"]}
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ClusterError(0, str(error)) from error
        finally:
            response.response.close()

    def connect(self, path: str, query: Sequence[tuple[str, str]]) -> WebSocket:
        """An open WebSocket to a path that talks: exec, portforward."""
        configuration = self._client.configuration
        url = f"ws{configuration.host.removeprefix('http')}{path}?{urlencode(query)}"
        try:
            made: WebSocket = create_websocket(configuration, url, self._headers(path))
            return made
        except (WebSocketException, OSError) as error:
            status = getattr(error, "status_code", 0)
            words = getattr(error, "resp_body", None)
            raise ClusterError(status, _words(words, str(error))) from error

    def _call(self, method: str, path: str, query: Mapping[str, str], body: Json | None = None, kind: str = "") -> Json:
        return dict(json.loads(self._send(method, path, query, body, kind)))

    def _send(self, method: str, path: str, query: Mapping[str, str], body: Json | None = None, kind: str = "") -> bytes:
        response = self._open(method, path, query, body, kind)
        try:
            return bytes(response.read())
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterError(0, str(error)) from error

    def _open(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None = None, kind: str = "",
        timeout: float = SECONDS,
    ) -> Any:  # fmt: skip
        headers = {"Accept": "application/json", **self._headers(path)}
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
        url = self._client.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._client.call_api(method, url, headers, body, _request_timeout=timeout)
            if 200 <= response.status < 300:
                return response
            raise ClusterError(response.status, _words(response.read(), response.reason))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterError(0, str(error)) from error

    def _headers(self, path: str) -> dict[str, str]:
        headers: dict[str, str] = {}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
        return headers


def connect() -> Cluster:
    """The cluster that `kubectl` would use; within a pod, the one that it is in. Raises Unavailable with what to do."""
    configuration = Configuration()
    context = os.environ.get(CONTEXT) or None
    file = os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    inside = TOKEN.exists() and not os.environ.get("KUBECONFIG") and context is None
    found = "from inside of it" if inside else f"from {file}" + (f", context {context}" if context else "")
    try:
        if inside:
            load_incluster_config(client_configuration=configuration)
        else:
            load_kube_config(file, context, configuration)
        certificates = None if inside else _kept(configuration)
        cluster = Cluster(configuration, f"{configuration.host} ({found})", certificates)
        cluster.get("/version")
    except ConfigException as error:
        raise Unavailable(f"no Kubernetes cluster is configured ({found}): {error}", CURE) from error
    except (ClusterError, OSError, ValueError) as error:
        raise Unavailable(f"no Kubernetes cluster answers at {configuration.host} ({found}): {error}", CURE) from error
    return cluster


def _kept(configuration: Any) -> tempfile.TemporaryDirectory[str]:
    """Copies of its certificates, while the folder lives. The library writes those that stand in a kubeconfig to files, and
    removes them before this process, at its end, removes its pods."""
    folder = tempfile.TemporaryDirectory(prefix="mlops-cluster-")
    for name in ("ssl_ca_cert", "cert_file", "key_file"):
        if file := getattr(configuration, name):
            setattr(configuration, name, shutil.copy(file, Path(folder.name, name)))
    return folder


def _words(body: Any, otherwise: str) -> str:
    """The message of the API's own answer."""
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(body)["message"])
    return otherwise
