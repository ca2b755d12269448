"""The container registry: a repository name of its own for each run."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from grader.backends.protocol import Address
from grader.errors import ServiceFailed
from grader.services.protocol import Grant
from grader.services.registry_questions import RegistryQuestions

USER = "course"
SECONDS = 30
NEXT_STEP = "see `mlops doctor`; the service's log says more"
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


class RegistryService:
    """An OCI registry. The namespace is the first part of the names of its repositories.

    It has one account, the grader's. What keeps runs apart is that no student's code reaches the registry: images are
    pushed by the grader, on behalf of the run, below the run's own name. `secrets` are the service's own: `password`.
    """

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self.address, self.account = address, (USER, secrets["password"])
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = self.account
        self._session.headers["Accept"] = ", ".join(MANIFESTS)

    def check(self) -> None:
        """Ask whether it speaks the registry's protocol to us."""
        self.send("GET", "/v2/")

    def open(self, namespace: str, inside: Address) -> Grant:
        """Nothing has to be made: a repository comes with its first push. A run gets its name, and no account."""
        return Grant(variables={}, parameters={"registry": f"{inside}/{namespace}"})

    def close(self, namespace: str) -> None:
        """Delete the manifests of the namespace's repositories; their layers are shared, and go with a reset."""
        questions = self.questions(namespace)
        for repository in questions.repositories():
            for digest in {questions.digest(repository, tag) for tag in questions.tags(repository)} - {""}:
                self.send("DELETE", f"/v2/{namespace}/{repository}/manifests/{digest}", missing_is_fine=True)

    def questions(self, namespace: str) -> RegistryQuestions:
        """Questions on the namespace's repositories."""
        return RegistryQuestions(self.send, namespace)

    def send(self, method: str, path: str, *, missing_is_fine: bool = False) -> requests.Response:
        """The registry's answer. Raises ServiceFailed when it refuses, or lacks what must be there."""
        try:
            answer = self._session.request(method, self.address.url + path, timeout=SECONDS)
        except requests.RequestException as error:
            raise ServiceFailed(f"the registry at {self.address} failed: {error}", NEXT_STEP) from error
        if answer.ok or (missing_is_fine and answer.status_code == requests.codes.not_found):
            return answer
        raise ServiceFailed(f"the registry at {self.address} refused {method} {path}: {answer.status_code}", NEXT_STEP)
