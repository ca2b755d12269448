"""A service as the grader uses it: it opens a namespace for one run, asks questions there, and closes it again.

The grader speaks with its own (administrator's) credentials; what it hands to a run reaches that run's namespace only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from grader.backends.protocol import Address


@dataclass(frozen=True)
class Grant:
    """What a run is given to reach its namespace."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, credentials among them (`MLFLOW_TRACKING_URI`, `AWS_ACCESS_KEY_ID`, …)."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What papermill injects into the notebook: names and addresses, never a credential."""


class Service(Protocol):
    """The grader's side of one live service."""

    def check(self) -> None:
        """Raise ServiceFailed unless the service answers to the administrator's credentials now."""

    def open(self, namespace: str, inside: Address) -> Grant:
        """Make an empty namespace (a bucket, an experiment, a schema) and credentials that reach nothing else.

        `namespace` is lower-case letters, digits and hyphens, at most 40 characters. `inside` is the service's address
        as the run sees it. Opening a namespace that exists returns a working grant and keeps what it holds (a learner's
        own namespace lives on between sessions). Raises ServiceFailed.
        """

    def close(self, namespace: str) -> None:
        """Revoke the credentials and remove all that the namespace holds. Does nothing when it isn't there."""

    def questions(self, namespace: str) -> Any:
        """The read-only question-asker that a check sees as `lab.<service>`."""
