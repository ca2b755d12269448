"""A run reaches nothing of its neighbour's, even when it knows its neighbour's names and the neighbour is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from grader.course.tree import Lab
from grader.stack.lease import lease
from grader.tests.hostile.arena import Arena
from grader.tests.hostile.case import base, full, sealed

pytestmark = [pytest.mark.services, pytest.mark.docker]
ATTACK = """
import os

import boto3
import botocore.config

client = mlflow.MlflowClient()
once = botocore.config.Config(retries={"total_max_attempts": 1})
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=once)
TRIES = {
    "run": lambda: client.get_run(NEIGHBOUR["run"]).data.metrics,
    "search": lambda: [run.info.run_id for run in client.search_runs([NEIGHBOUR["experiment_id"]])][0],
    "log": lambda: client.log_metric(NEIGHBOUR["run"], "auc", 1.0),
    "tag": lambda: client.set_tag(NEIGHBOUR["run"], "by", "me"),
    "delete": lambda: client.delete_run(NEIGHBOUR["run"]),
    "run-in-its-experiment": lambda: client.create_run(NEIGHBOUR["experiment_id"]),
    "artifacts": lambda: client.list_artifacts(NEIGHBOUR["run"])[0],
    "list": lambda: s3.list_objects_v2(Bucket=NEIGHBOUR["bucket"])["Contents"],
    "get": lambda: s3.get_object(Bucket=NEIGHBOUR["bucket"], Key="answer.txt")["Body"].read(),
    "put": lambda: s3.put_object(Bucket=NEIGHBOUR["bucket"], Key="answer.txt", Body=b"mine"),
    "delete-object": lambda: s3.delete_object(Bucket=NEIGHBOUR["bucket"], Key="answer.txt"),
    "delete-bucket": lambda: s3.delete_bucket(Bucket=NEIGHBOUR["bucket"]),
    "buckets": lambda: [b for b in s3.list_buckets()["Buckets"] if b["Name"] == NEIGHBOUR["bucket"]][0],
}
with open("loot.txt", "w") as loot:
    for name, attempt in TRIES.items():
        try:
            loot.write(f"{name} was done: {attempt()!r}\\n")
        except Exception:
            pass
"""


@dataclass
class Neighbour:
    """Another run's namespace, with a run and an object in it."""

    names: dict[str, str]
    look: Callable[[], tuple[Any, ...]]


@pytest.fixture
def neighbour(arenas: Callable[[str], Arena], lab04: Lab) -> Iterator[Neighbour]:
    """A neighbour that is at work while the attack runs."""
    arena = arenas("docker")
    with lease(arena.stack, arena.running, lab04.spec.services, arena.backend) as leased:
        api: Any = arena.stack.service(arena.running["mlflow"])
        s3: Any = arena.stack.service(arena.running["s3"])
        experiment = api._experiment(leased.namespace)
        run = api._api.post("2.0/mlflow/runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
        api._api.post("2.0/mlflow/runs/log-metric", run_id=run, key="auc", value=0.8, timestamp=1)
        s3._admin.s3.put_object(Bucket=leased.namespace, Key="answer.txt", Body=b"theirs")

        def look() -> tuple[Any, ...]:
            found = api._api.get("2.0/mlflow/runs/get", run_id=run)["run"]
            runs = api._api.post("2.0/mlflow/runs/search", experiment_ids=[experiment])["runs"]
            body = s3._admin.s3.get_object(Bucket=leased.namespace, Key="answer.txt")["Body"].read()
            metrics = {metric["key"]: metric["value"] for metric in found["data"]["metrics"]}
            return metrics, found["info"]["lifecycle_stage"], len(runs), found["data"].get("tags", []), body

        yield Neighbour({"run": run, "experiment_id": experiment, "bucket": leased.namespace}, look)


def test_a_neighbour_whose_names_are_known(neighbour: Neighbour, arenas: Callable[[str], Arena], lab04: Lab) -> None:
    """With its run, experiment and bucket named, nothing of it can be read, changed or removed; the honest rest of the
    notebook earns what it earns."""
    before, notebook = neighbour.look(), base(lab04, "light")
    for cell in notebook.cells:
        if cell["id"] == "tracked-run":
            cell.source += f"\nNEIGHBOUR = {neighbour.names!r}\n{ATTACK}"
    graded = arenas("docker").grade(lab04, sealed("reaches", notebook), "neighbour")
    assert (graded.loot, neighbour.look()) == ("", before)
    earned = {check.id: check.earned for check in graded.result.checks}
    assert (graded.result.outcome, earned, graded.leftovers) == ("finished", full(lab04, "light"), [])
