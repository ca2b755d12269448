"""MLflow: a user and an experiment for each run."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from grader.backends.protocol import Address
from grader.services.mlflow_api import EXISTS, NOT_FOUND, MlflowApi, Refused, explained, passing
from grader.services.mlflow_questions import MlflowQuestions
from grader.services.protocol import Grant

ADMIN = "admin"


class MlflowService:
    """The tracking server. The namespace is the name of the user, of the experiment, and of the S3 bucket it writes to.

    `secrets` are the service's own: `admin-password`.
    """

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self._api = MlflowApi(address, ADMIN, secrets["admin-password"])
        self._experiments: dict[str, str] = {}
        """Ids of the experiments of the namespaces that this object opened, by name."""

    def check(self) -> None:
        """Ask for one experiment."""
        with explained():
            self._api.post("2.0/mlflow/experiments/search", max_results=1)

    def open(self, namespace: str, inside: Address) -> Grant:
        """A user that may write to its experiment, but neither delete it nor give it to others."""
        password = _password()
        with explained():
            self._user(namespace, password)
            experiment = self._experiments[namespace] = self._experiment(namespace)
            grant = {"username": namespace, "resource_type": "experiment", "resource_id": experiment}
            with passing(EXISTS):
                self._api.post("3.0/mlflow/users/permissions/grant", **grant, permission="EDIT")
        return Grant(
            variables={
                "MLFLOW_TRACKING_URI": inside.url,
                "MLFLOW_TRACKING_USERNAME": namespace,
                "MLFLOW_TRACKING_PASSWORD": password,
                "MLFLOW_EXPERIMENT_NAME": namespace,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
            },
            parameters={"tracking_uri": inside.url, "experiment": namespace},
        )

    def close(self, namespace: str) -> None:
        """Shut the user out, delete its experiments, those made for it, and its registered models, then the user."""
        with explained():
            experiments = self._experiments_named_for(namespace)
            with passing(NOT_FOUND):
                self._api.patch("2.0/mlflow/users/update-password", username=namespace, password=_password())
                held = self._api.get("3.0/mlflow/users/permissions/list", username=namespace)["permissions"]
                experiments |= {str(item["resource_pattern"]) for item in held if item["resource_type"] == "experiment"}
                for item in held:
                    if item["resource_type"] in ("registered_model", "prompt"):
                        self._delete("2.0/mlflow/registered-models/delete", name=item["resource_pattern"])
            self._api.post("2.0/mlflow/course/purge", experiment_ids=sorted(experiments))
            self._delete("2.0/mlflow/users/delete", username=namespace)

    def questions(self, namespace: str) -> MlflowQuestions:
        """Questions on the namespace's experiment."""
        return MlflowQuestions(self._api, namespace, self._experiments)

    def _user(self, name: str, password: str) -> None:
        """Make the user, or give the one that exists this password."""
        try:
            self._api.post("2.0/mlflow/users/create", username=name, password=password)
        except Refused as refused:
            if refused.code != EXISTS:
                raise
            self._api.patch("2.0/mlflow/users/update-password", username=name, password=password)

    def _experiment(self, name: str) -> str:
        """The id of the experiment, made when it isn't there, or when someone else's stands in its place."""
        location = f"s3://{name}/mlflow"
        try:
            made = self._api.post("2.0/mlflow/experiments/create", name=name, artifact_location=location)
        except Refused as refused:
            if refused.code != EXISTS:
                raise
            found = self._api.get("2.0/mlflow/experiments/get-by-name", experiment_name=name)["experiment"]
            if found["artifact_location"] == location and found["lifecycle_stage"] == "active":
                return str(found["experiment_id"])
            self._api.post("2.0/mlflow/course/purge", experiment_ids=[found["experiment_id"]])
            made = self._api.post("2.0/mlflow/experiments/create", name=name, artifact_location=location)
        return str(made["experiment_id"])

    def _experiments_named_for(self, namespace: str) -> set[str]:
        """Ids of the namespace's own experiment and of those staged for it, deleted ones included."""
        query = {"filter": f"name LIKE '{namespace}%'", "view_type": "ALL", "max_results": 1000}
        found = self._api.post("2.0/mlflow/experiments/search", **query).get("experiments", [])
        staged = f"{namespace}-staged-"
        return {str(e["experiment_id"]) for e in found if e["name"] == namespace or e["name"].startswith(staged)}

    def _delete(self, path: str, **body: Any) -> None:
        with passing(NOT_FOUND):
            self._api.delete(path, **body)


def _password() -> str:
    return secrets.token_urlsafe(24)
