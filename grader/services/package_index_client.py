"""The administrator's connection to the package index, and how its failures are told."""

from __future__ import annotations

import base64
import functools
from typing import Any

import requests

from grader.backends.protocol import Address
from grader.errors import ServiceFailed

COURSE = "course/wheels"
"""The index that every run may install from and none may upload to."""
SECONDS = 60
NEXT_STEP = "see `mlops doctor`; the service's log says more"


class PackageIndexAdmin:
    """devpi's REST API as its root user sees it."""

    def __init__(self, address: Address, password: str) -> None:
        self.address, self._password = address, password

    def send(self, method: str, path: str, body: object = None, *, missing_is_fine: bool = False) -> requests.Response:
        """The server's answer. Raises ServiceFailed when it refuses, or lacks what must be there."""
        try:
            answer = self._session.request(method, self.address.url + path, json=body, timeout=SECONDS)
        except requests.RequestException as error:
            raise ServiceFailed(f"the package index at {self.address} failed: {error}", NEXT_STEP) from error
        if answer.ok or (missing_is_fine and answer.status_code == requests.codes.not_found):
            return answer
        said = f"{answer.status_code} {answer.text[:300]}"
        raise ServiceFailed(f"the package index at {self.address} refused {method} {path}: {said}", NEXT_STEP)

    @functools.cached_property
    def _session(self) -> requests.Session:
        """A session that has logged in: a token costs the server less than a password, which it stretches."""
        session = requests.Session()
        session.trust_env = False
        session.headers["Accept"] = "application/json"
        login = {"user": "root", "password": self._password}
        try:
            answer = session.post(f"{self.address.url}/+login", json=login, timeout=SECONDS)
            answer.raise_for_status()
            token: Any = answer.json()["result"]["password"]
        except (requests.RequestException, KeyError, ValueError) as error:
            raise ServiceFailed(f"the package index at {self.address} lets nobody in: {error}", NEXT_STEP) from error
        session.headers["X-Devpi-Auth"] = base64.b64encode(f"root:{token}".encode()).decode()
        return session
