"""What a student can do with what a run was given: plain REST, boto3 and psycopg, without any help of the grader."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

    from grader.services.protocol import Grant

NO_RETRIES = Config(retries={"total_max_attempts": 1})


class Mlflow:
    """MLflow's REST API with a run's credentials."""

    def __init__(self, grant: Grant, password: str = "") -> None:
        v = grant.variables
        self.url, self.experiment = v["MLFLOW_TRACKING_URI"], v["MLFLOW_EXPERIMENT_NAME"]
        self.auth = (v["MLFLOW_TRACKING_USERNAME"], password or v["MLFLOW_TRACKING_PASSWORD"])

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self.url}/{path}", auth=self.auth, timeout=30, **options)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        response = self.send("POST", f"api/2.0/mlflow/{path}", json=body)
        assert response.ok, response.text
        content: dict[str, Any] = response.json()
        return content

    def experiment_id(self) -> str:
        query = {"experiment_name": self.experiment}
        return str(
            self.send("GET", "api/2.0/mlflow/experiments/get-by-name", params=query).json()["experiment"]["experiment_id"]
        )

    def log_run(self, name: str, params: dict[str, str], metrics: dict[str, float], experiment_id: str = "") -> str:
        """A finished run; returns its id."""
        now = int(time.time() * 1000)
        where = experiment_id or self.experiment_id()
        made = self.post("runs/create", experiment_id=where, run_name=name, start_time=now)["run"]["info"]["run_id"]
        self.post(
            "runs/log-batch",
            run_id=made,
            params=[{"key": key, "value": value} for key, value in params.items()],
            metrics=[{"key": key, "value": value, "timestamp": now, "step": 0} for key, value in metrics.items()],
        )
        self.post("runs/update", run_id=made, status="FINISHED", end_time=now + 1)
        return str(made)


def s3_client(grant: Grant, secret: str = "") -> S3Client:
    v = grant.variables
    session = boto3.Session(v["AWS_ACCESS_KEY_ID"], secret or v["AWS_SECRET_ACCESS_KEY"], region_name=v["AWS_DEFAULT_REGION"])
    return session.client("s3", endpoint_url=v["AWS_ENDPOINT_URL"], config=NO_RETRIES)


def iam_client(grant: Grant) -> IAMClient:
    v = grant.variables
    session = boto3.Session(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], region_name=v["AWS_DEFAULT_REGION"])
    return session.client("iam", endpoint_url=v["AWS_ENDPOINT_URL"], config=NO_RETRIES)


def connect(grant: Grant, **changes: str) -> psycopg.Connection:
    v = grant.variables
    options = {"host": v["PGHOST"], "port": v["PGPORT"], "user": v["PGUSER"], "password": v["PGPASSWORD"]}
    return psycopg.connect(**{**options, "dbname": v["PGDATABASE"], **changes}, autocommit=True)  # type: ignore[arg-type]


def refusal(attempt: Callable[[], object]) -> str:
    """The store's code for why it refused; "" when it did as asked."""
    try:
        attempt()
    except ClientError as error:
        return error.response.get("Error", {}).get("Code", "Unknown")
    return ""
