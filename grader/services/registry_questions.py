"""What a check may ask of the container registry."""

from __future__ import annotations

from typing import Any, Protocol

import requests

MOST = 1000
"""Repositories and tags that are listed."""


class Send(Protocol):
    """Puts a request to the registry with the grader's own account. Raises ServiceFailed."""

    def __call__(self, method: str, path: str, *, missing_is_fine: bool = False) -> requests.Response:
        """See `RegistryService.send`."""


class RegistryQuestions:
    """Looks at one namespace's repositories. Every method raises ServiceFailed."""

    def __init__(self, send: Send, namespace: str) -> None:
        self._send, self.namespace = send, namespace

    def repositories(self) -> list[str]:
        """The names of the namespace's repositories, without the namespace, sorted."""
        names = self._send("GET", f"/v2/_catalog?n={MOST}&last={self.namespace}").json()["repositories"] or []
        return sorted(name.partition("/")[2] for name in names if name.startswith(f"{self.namespace}/"))

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, sorted; none when there is no such repository."""
        answer = self._send("GET", f"/v2/{self.namespace}/{repository}/tags/list?n={MOST}", missing_is_fine=True)
        return sorted(answer.json().get("tags") or []) if answer.ok else []

    def digest(self, repository: str, tag: str) -> str:
        """The digest of the manifest that a tag points at; "" when there is none."""
        answer = self._manifest(repository, tag)
        return answer.headers.get("Docker-Content-Digest", "") if answer.ok else ""

    def labels(self, repository: str, tag: str) -> dict[str, str]:
        """The labels of the image that a tag points at. Raises KeyError when there is none."""
        answer = self._manifest(repository, tag)
        if not answer.ok:
            raise KeyError(tag)
        config = answer.json()["config"]["digest"]
        image: Any = self._send("GET", f"/v2/{self.namespace}/{repository}/blobs/{config}").json()
        return {str(name): str(value) for name, value in (image["config"].get("Labels") or {}).items()}

    def _manifest(self, repository: str, reference: str) -> requests.Response:
        return self._send("GET", f"/v2/{self.namespace}/{repository}/manifests/{reference}", missing_is_fine=True)
