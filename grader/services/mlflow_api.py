"""MLflow's REST API over one kept-alive connection. The grader doesn't import mlflow: that alone costs 2.5 s."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import requests

from grader.backends.protocol import Address
from grader.errors import ServiceFailed

TIMEOUT_SECONDS = (3.05, 20)
NEXT_STEP = "see `mlops doctor`; the service's log says more"

NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"


class Refused(Exception):
    """MLflow understood the call and said no; `code` is its own word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """A refusal that no caller expects is ours to look into: it becomes ServiceFailed."""
    try:
        yield
    except Refused as refused:
        raise ServiceFailed(f"MLflow refused what the grader asked: {refused}", NEXT_STEP) from refused


@contextlib.contextmanager
def passing(code: str) -> Iterator[None]:
    """Let a refusal with this code pass."""
    try:
        yield
    except Refused as refused:
        if refused.code != code:
            raise


class MlflowApi:
    """Calls as one user. Every method raises ServiceFailed when the server can't be reached or fails by itself."""

    def __init__(self, address: Address, user: str, password: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of this machine is not for the loopback
        self._session.auth = (user, password)

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """GET `/api/<path>`. Raises Refused."""
        return self._json(self._send("GET", f"/api/{path}", params=query))

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """POST `/api/<path>`. Raises Refused."""
        return self._json(self._send("POST", f"/api/{path}", json=body))

    def patch(self, path: str, /, **body: Any) -> dict[str, Any]:
        """PATCH `/api/<path>`. Raises Refused."""
        return self._json(self._send("PATCH", f"/api/{path}", json=body))

    def delete(self, path: str, /, **body: Any) -> dict[str, Any]:
        """DELETE `/api/<path>`. Raises Refused."""
        return self._json(self._send("DELETE", f"/api/{path}", json=body))

    def download(self, path: str, cap: int, /, **query: Any) -> bytes:
        """The bytes that `/<path>` answers with. Raises ValueError when there are more than `cap`, and Refused."""
        with self._send("GET", f"/{path}", params=query, stream=True) as response:
            if not response.ok:
                self._json(response)
            content = b""
            for chunk in response.iter_content(64 * 1024):
                content += chunk
                if len(content) > cap:
                    raise ValueError(f"{path} holds more than {cap} bytes")
            return content

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(method, self.address.url + path, timeout=TIMEOUT_SECONDS, **options)
        except requests.RequestException as error:
            raise self._failed(f"does not answer: {type(error).__name__}") from error

    def _json(self, response: requests.Response) -> dict[str, Any]:
        try:
            content = response.json()
        except requests.RequestException:
            content = {}
        if response.ok and isinstance(content, dict):
            return content
        if response.status_code == requests.codes.unauthorized:
            raise self._failed("refuses the grader's own password")
        code = content.get("error_code", "") if isinstance(content, dict) else ""
        if code and response.status_code < requests.codes.internal_server_error:
            raise Refused(code, str(content.get("message", "")))
        raise self._failed(f"answers {response.status_code} to {response.request.path_url}: {response.text[:300]}")

    def _failed(self, what: str) -> ServiceFailed:
        return ServiceFailed(f"MLflow at {self.address} {what}", NEXT_STEP)
