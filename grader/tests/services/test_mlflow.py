"""MLflow: a run reaches its own experiment and nothing else, and nothing of it stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from grader.backends.protocol import Address
from grader.errors import ServiceFailed
from grader.services.mlflow import MlflowService
from grader.services.mlflow_questions import NoSuchRun
from grader.services.mlflow_records import StagedRun
from grader.tests.services.conftest import Namespace
from grader.tests.services.student import Mlflow, s3_client

pytestmark = pytest.mark.services

API = "api/2.0/mlflow"


def test_what_the_grant_says(mine: Namespace) -> None:
    """The run gets a password of its own in its environment, and only names in the notebook."""
    grant, url = mine.grants["mlflow"], mine.running["mlflow"].address.url
    assert dict(grant.parameters) == {"tracking_uri": url, "experiment": mine.name}
    assert {name: value for name, value in grant.variables.items() if "PASSWORD" not in name} == {
        "MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_USERNAME": mine.name, "MLFLOW_EXPERIMENT_NAME": mine.name,
        "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "arguments"),
    [
        ("GET", f"{API}/runs/get", {"run_id": "{run}"}),
        ("GET", f"{API}/metrics/get-history", {"run_id": "{run}", "metric_key": "auc"}),
        ("GET", "ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "{run}", "metric_key": "auc"}),
        ("GET", f"{API}/experiments/get", {"experiment_id": "{experiment}"}),
        ("GET", f"{API}/experiments/get-by-name", {"experiment_name": "{other}"}),
        ("GET", f"{API}/artifacts/list", {"run_id": "{run}"}),
        ("GET", "get-artifact", {"run_uuid": "{run}", "path": "secret"}),
        ("POST", f"{API}/runs/create", {"experiment_id": "{experiment}"}),
        ("POST", f"{API}/runs/log-metric", {"run_id": "{run}", "key": "auc", "value": 1, "timestamp": 1}),
        ("POST", f"{API}/runs/log-batch", {"run_id": "{run}", "params": [{"key": "a", "value": "b"}]}),
        ("POST", f"{API}/runs/set-tag", {"run_id": "{run}", "key": "a", "value": "b"}),
        ("POST", f"{API}/runs/delete", {"run_id": "{run}"}),
        ("POST", f"{API}/experiments/delete", {"experiment_id": "{experiment}"}),
        ("POST", f"{API}/experiments/update", {"experiment_id": "{experiment}", "new_name": "x"}),
        ("POST", f"{API}/logged-models/search", {"experiment_ids": ["{experiment}"]}),
    ],
)
def test_nothing_else_is_within_reach(
    mine: Namespace, other: Namespace, method: str, path: str, arguments: dict[str, Any]
) -> None:
    """Another run's experiment, runs, metrics, models and artifacts can be neither read nor written."""
    owner = Mlflow(other.grants["mlflow"])
    experiment = owner.experiment_id()
    run = owner.log_run("secret", {"depth": "7"}, {"auc": 0.123456})
    text = json.dumps(arguments).replace("{run}", run).replace("{experiment}", experiment).replace("{other}", other.name)
    sent = {"params" if method == "GET" else "json": json.loads(text)}
    answer = Mlflow(mine.grants["mlflow"]).send(method, path, **sent)
    listing = path.endswith("logged-models/search")  # answers, with nothing in it
    assert (answer.status_code, "0.123456" in answer.text) == (200 if listing and answer.text == "{}" else 403, False)
    assert [(r.name, dict(r.params), dict(r.metrics)) for r in other.services["mlflow"].questions(other.name).runs()] == [
        ("secret", {"depth": "7"}, {"auc": 0.123456})
    ]


def test_a_search_shows_own_things_only(mine: Namespace, other: Namespace) -> None:
    """Searching runs, by REST or GraphQL, or experiments shows nothing of another run."""
    theirs, ours = Mlflow(other.grants["mlflow"]), Mlflow(mine.grants["mlflow"])
    run = theirs.log_run("secret", {}, {"auc": 0.123456})
    mine_too = ours.log_run("mine", {}, {})
    both = [theirs.experiment_id(), ours.experiment_id()]
    found = ours.post("runs/search", experiment_ids=both)
    assert [r["info"]["run_id"] for r in found["runs"]] == [mine_too]
    experiments = ours.post("experiments/search", max_results=100)["experiments"]
    assert [e["name"] for e in experiments] == [mine.name]
    query = f'{{mlflowGetRun(input: {{runId: "{run}"}}) {{run {{info {{runName}} data {{metrics {{key value}}}}}}}}}}'
    assert "0.123456" not in ours.send("POST", "graphql", json={"query": query}).text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{API}/users/create"),
        ("GET", f"{API}/users/list"),
        ("PATCH", f"{API}/users/update-password"),
        ("PATCH", f"{API}/users/update-admin"),
        ("POST", "api/3.0/mlflow/users/permissions/grant"),
        ("POST", "api/3.0/mlflow/roles/create"),
        ("POST", f"{API}/webhooks"),
        ("POST", "api/3.0/mlflow/gateway/secrets/create"),
        ("POST", "ajax-api/2.0/mlflow/gateway-proxy"),
        ("GET", f"{API}/artifacts/presigned-download-url"),
        ("POST", f"{API}/artifacts/presigned-upload-url"),
        ("GET", f"{API}/mlflow-artifacts/artifacts"),
        ("GET", "api/2.0/mlflow-artifacts/artifacts/x"),
        ("PUT", "api/2.0/mlflow-artifacts/artifacts/x"),
        ("GET", "model-versions/get-artifact"),
        ("POST", "ajax-api/2.0/mlflow/upload-artifact"),
        ("POST", "ajax-api/3.0/jobs/search"),
        ("POST", "gateway/mlflow/v1/chat/completions"),
        ("GET", "ajax-api/3.0/mlflow/assistant/status"),
        ("POST", "api/3.0/mlflow/mcp-servers"),
        ("POST", f"{API}/course/purge"),
        ("POST", f"{API}/course/stage"),
    ],
)
def test_routes_that_are_closed_to_runs(mine: Namespace, method: str, path: str) -> None:
    """A run can't hand out rights, make the server fetch or run something, or use the grader's own routes."""
    answer = Mlflow(mine.grants["mlflow"]).send(method, path, **({"json": {}} if method != "GET" else {}))
    assert answer.status_code == 403, answer.text[:200]


@pytest.mark.parametrize(
    "location", ["s3://{other}/mlflow", "s3://{mine}/../{other}/mlflow", "file:///etc", "/etc", "http://127.0.0.1:1"]
)
def test_the_server_reads_no_foreign_bucket_for_a_run(mine: Namespace, other: Namespace, location: str) -> None:
    """Artifacts that a run claims to have elsewhere are not read for it with the server's own credentials."""
    s3_client(other.grants["s3"]).put_object(Bucket=other.name, Key="mlflow/secret", Body=b"theirs")
    student = Mlflow(mine.grants["mlflow"])
    body = {"name": f"{mine.name}-own", "artifact_location": location.format(mine=mine.name, other=other.name)}
    made = student.send("POST", f"{API}/experiments/create", json=body)
    if made.ok:
        run = student.log_run("claim", {}, {}, made.json()["experiment_id"])
        listed = student.send("GET", f"{API}/artifacts/list", params={"run_id": run})
        fetched = student.send("GET", "get-artifact", params={"run_uuid": run, "path": "passwd"})
        assert (listed.status_code, fetched.status_code) == (403, 403), listed.text + fetched.text
    else:
        assert made.status_code == 400


def test_a_run_sees_its_own_artifacts_in_the_browser(mine: Namespace) -> None:
    """The server shows a run's owner what lies in the run's own bucket, also that of an experiment it made itself."""
    student = Mlflow(mine.grants["mlflow"])
    run = student.log_run("mine", {}, {})
    prefix = student.send("GET", f"{API}/runs/get", params={"run_id": run}).json()["run"]["info"]["artifact_uri"]
    key = prefix.removeprefix(f"s3://{mine.name}/") + "/plot.txt"
    s3_client(mine.grants["s3"]).put_object(Bucket=mine.name, Key=key, Body=b"a plot")
    listed = student.send("GET", f"{API}/artifacts/list", params={"run_id": run}).json()
    fetched = student.send("GET", "get-artifact", params={"run_uuid": run, "path": "plot.txt"})
    assert listed["files"] == [{"path": "plot.txt", "is_dir": False, "file_size": 6}]
    assert (fetched.status_code, fetched.content) == (200, b"a plot")


def test_a_password_is_needed(mine: Namespace) -> None:
    """Without a password, and with a wrong one, everything but the health probe is refused."""
    url, wrong = mine.running["mlflow"].address.url, Mlflow(mine.grants["mlflow"], password="wrong")
    paths = ("", f"{API}/experiments/search", "get-artifact", "graphql", "v1/traces", "version")
    assert [requests.get(f"{url}/{path}", timeout=10).status_code for path in ("health", *paths)] == [200] + [401] * 6
    assert wrong.send("POST", f"{API}/experiments/search", json={"max_results": 1}).status_code == 401


def test_closing_leaves_nothing(mine: Namespace, mlflow: MlflowService) -> None:
    """After a close the password is dead and the experiment, staged and self-made ones, and models are gone for good."""
    student = Mlflow(mine.grants["mlflow"])
    student.log_run("mine", {"a": "b"}, {"auc": 0.5})
    own = f"{mine.name}-own"
    made = student.post("experiments/create", name=own)["experiment_id"]
    student.log_run("more", {}, {"auc": 0.5}, made)
    student.post("experiments/delete", experiment_id=made)
    student.post("registered-models/create", name=own)
    student.post("logged-models", experiment_id=student.experiment_id(), name="m")
    staged = mlflow.questions(mine.name).stage([StagedRun("s")])
    mlflow.close(mine.name)
    mlflow.close(mine.name)
    assert student.send("POST", f"{API}/experiments/search", json={"max_results": 1}).status_code == 401
    api = mlflow.questions(mine.name)._api
    left = api.post("2.0/mlflow/experiments/search", view_type="ALL", max_results=1000)["experiments"]
    assert {mine.name, own, staged} & {e["name"] for e in left} == set()
    models = api.get("2.0/mlflow/registered-models/search", max_results=100).get("registered_models", [])
    assert own not in {model["name"] for model in models}
    mine.open()
    assert mlflow.questions(mine.name).runs() == []


def test_opening_again_keeps_the_runs(mine: Namespace, mlflow: MlflowService) -> None:
    """A namespace that is opened again has its runs; the new password works and the old one doesn't."""
    before = Mlflow(mine.grants["mlflow"])
    run = before.log_run("kept", {"a": "b"}, {"auc": 0.5})
    mine.open()
    after = Mlflow(mine.grants["mlflow"]).send("GET", f"{API}/runs/get", params={"run_id": run}).json()["run"]
    assert after["data"]["metrics"][0]["value"] == 0.5
    assert [r.id for r in mlflow.questions(mine.name).runs()] == [run]
    assert before.send("GET", f"{API}/runs/get", params={"run_id": run}).status_code == 401


def test_a_squatted_experiment_is_replaced(mine: Namespace, services: dict[str, Any], mlflow: MlflowService) -> None:
    """An experiment that a run made under a name which another namespace gets later does not pass for that one's own."""
    later = f"{mine.name}-later"
    Mlflow(mine.grants["mlflow"]).post("experiments/create", name=later)
    try:
        grant = mlflow.open(later, mine.running["mlflow"].address)
        shared = Mlflow(mine.grants["mlflow"]).send("GET", f"{API}/experiments/get-by-name", params={"experiment_name": later})
        own = Mlflow(grant).log_run("own", {}, {})
        assert (shared.status_code, [r.id for r in mlflow.questions(later).runs()]) == (403, [own])
    finally:
        mlflow.close(later)


def test_a_server_that_is_not_there() -> None:
    """A dead server is our fault, told with its address."""
    with pytest.raises(ServiceFailed, match=r"MLflow at 127\.0\.0\.1:9 does not answer: ConnectionError"):
        MlflowService(Address("127.0.0.1", 9), {"admin-password": "x"}).check()


def test_a_wrong_password_of_ours(mine: Namespace) -> None:
    """An administrator's password that doesn't fit is our fault, not an empty answer."""
    with pytest.raises(ServiceFailed, match="refuses the grader's own password"):
        MlflowService(mine.running["mlflow"].address, {"admin-password": "x"}).questions(mine.name).runs()


@pytest.mark.parametrize("run_id", ["", "x", "0" * 32, "../experiments/search", "a b&run_id=1"])
def test_a_run_that_is_not_there(mine: Namespace, mlflow: MlflowService, run_id: str) -> None:
    """Whatever a student returns as a run's id, a run that isn't in the experiment is NoSuchRun."""
    with pytest.raises(NoSuchRun):
        mlflow.questions(mine.name).run(run_id)


def test_a_run_of_somebody_else(mine: Namespace, other: Namespace, mlflow: MlflowService) -> None:
    """Another namespace's run is NoSuchRun, though the grader could read it."""
    run = Mlflow(other.grants["mlflow"]).log_run("theirs", {}, {"auc": 0.9})
    with pytest.raises(NoSuchRun):
        mlflow.questions(mine.name).run(run)
    with pytest.raises(NoSuchRun):
        mlflow.questions(mine.name).runs(other.name)
