"""What the grader reads of MLflow, from runs of the real client and from staged ones."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from grader.backends.local import venv
from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.services.mlflow import MlflowService
from grader.services.mlflow_records import Artifact, LoggedModel, Run, StagedRun, signature_from
from grader.services.s3 import S3Service
from grader.stack.stack import Stack
from grader.tests.services.conftest import Namespace
from grader.tests.services.student import Mlflow, s3_client

pytestmark = pytest.mark.services

TRAIN = """
import mlflow, pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
X = pd.DataFrame({"tenure": [1.0, 2.0, 3.0, 4.0], "plan": [0, 1, 0, 1]}); y = [0, 1, 0, 1]
with mlflow.start_run(run_name="first") as run:
    mlflow.log_params({"depth": 3})
    mlflow.log_metric("auc", 0.25, step=0); mlflow.log_metric("auc", 0.75, step=1); mlflow.log_metric("loss", float("nan"))
    mlflow.set_tag("data_sha256", "f" * 64)
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.log_dict({}, "b.json")
    model = LogisticRegression().fit(X, y)
    info = mlflow.sklearn.log_model(model, name="churn", signature=infer_signature(X, model.predict(X)), pip_requirements=[])
loaded = mlflow.sklearn.load_model(info.model_uri)
assert list(loaded.predict(X)) == list(model.predict(X))
print(run.info.run_id, info.model_id)
"""
EVERYTHING = """
import mlflow, pandas as pd
from mlflow import MlflowClient
with mlflow.start_run() as run:
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1.0]})))
    with mlflow.start_span("predict") as span:
        span.set_inputs({"a": 1})
    model = mlflow.pyfunc.log_model(name="m", python_model=lambda model_input: model_input, pip_requirements=[],
                                    registered_model_name=run.info.experiment_id + "-churn")
MlflowClient().set_registered_model_alias(run.info.experiment_id + "-churn", "champion", 1)
mlflow.flush_trace_async_logging()
assert mlflow.search_traces(locations=[run.info.experiment_id], return_type="list")
"""
TABLES = ("runs", "trace_info", "spans", "logged_models", "datasets", "experiment_tags", "experiments")


def run_notebook_code(code: str, mine: Namespace, course: Course, backend: LocalBackend) -> str:
    """Run code in the learner's environment with what a run is given; returns what it printed."""
    folder = venv.prepare(course.environment("tracking"), backend.home / "environments")
    variables = {"PATH": "/usr/bin:/bin", **mine.grants["s3"].variables, **mine.grants["mlflow"].variables}
    command = [str(venv.executables(folder) / "python"), "-c", code]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_of_the_real_client(
    mine: Namespace, mlflow: MlflowService, s3: S3Service, course: Course, backend: LocalBackend
) -> None:
    """A run that MLflow's own client logged comes back whole: parameters, metrics, tags, artifacts, model and signature."""
    began = datetime.now(UTC)
    run_id, model_id = run_notebook_code(TRAIN, mine, course, backend).split()[-2:]
    ask = mlflow.questions(mine.name)
    experiment = Mlflow(mine.grants["mlflow"]).experiment_id()
    run = ask.run(run_id)
    tags = {name: value for name, value in run.tags.items() if not name.startswith("mlflow.")}
    assert (dict(run.params), tags) == ({"depth": "3"}, {"data_sha256": "f" * 64})
    assert (run.metrics["auc"], math.isnan(run.metrics["loss"]), len(run.metrics)) == (0.75, True, 2)
    assert run.end_time is not None
    assert began - timedelta(seconds=1) < run.start_time < run.end_time < datetime.now(UTC) + timedelta(seconds=1)
    assert (run.id, run.name, run.status, run.experiment_id) == (run_id, "first", "FINISHED", experiment)
    assert (run.artifact_uri, run.model_ids) == (f"s3://{mine.name}/mlflow/{run_id}/artifacts", (model_id,))
    assert run.model_uri == f"models:/{model_id}"
    assert ask.artifacts(run) == [Artifact("b.json", 2), Artifact("notes/a.txt", 5)]
    assert ask.model(run) == LoggedModel(
        model_id, "churn", f"s3://{mine.name}/mlflow/models/{model_id}/artifacts",
        inputs=(
            {"type": "double", "name": "tenure", "required": True},
            {"type": "long", "name": "plan", "required": True},
        ),
        outputs=({"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}},),
    )  # fmt: skip
    assert ask.location(run) == f"s3://{mine.name}/mlflow/models/{model_id}/artifacts"
    keys = {item.key for item in s3.questions(mine.name).keys("mlflow/models/")}
    assert f"mlflow/models/{model_id}/artifacts/MLmodel" in keys


def test_closing_empties_the_database(
    mine: Namespace, mlflow: MlflowService, stack: Stack, course: Course, backend: LocalBackend
) -> None:
    """Runs, models, versions, traces and datasets that the real client logged are gone from MLflow's tables after a close."""
    run_notebook_code(EVERYTHING, mine, course, backend)
    experiment = Mlflow(mine.grants["mlflow"]).experiment_id()
    at = mine.running["postgres"].address
    with stack._state() as state:
        password = state.secrets["postgres"]["admin-password"]
    database = psycopg.connect(host=at.host, port=at.port, user="admin", password=password, dbname="mlflow", autocommit=True)

    def rows() -> dict[str, int]:
        count = {t: f"SELECT count(*) FROM {t} WHERE experiment_id = {experiment}" for t in TABLES}
        count["model_versions"] = f"SELECT count(*) FROM model_versions WHERE name = '{experiment}-churn'"
        return {name: (database.execute(query.encode()).fetchone() or [0])[0] for name, query in count.items()}

    with database:
        before = rows()
        mlflow.close(mine.name)
        assert {name for name, number in before.items() if number} >= {
            "runs", "trace_info", "spans", "logged_models", "datasets", "experiments", "model_versions"
        }  # fmt: skip
        assert rows() == dict.fromkeys(before, 0)


def test_staged_runs(mine: Namespace, mlflow: MlflowService) -> None:
    """A staged experiment holds exactly the runs given, in their order: so says who staged it, and so says the server. The
    student reads it and can't write to it."""
    ask, student = mlflow.questions(mine.name), Mlflow(mine.grants["mlflow"])
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    given = [
        StagedRun("best", {"depth": "5"}, {"auc": 0.81, "loss": -1e-9}, {"git_commit": "f" * 40}, start_time=moment),
        StagedRun("failed", {"depth": "0"}, status="FAILED"),
        StagedRun("nan", {}, {"auc": math.nan}),
        StagedRun("killed", {}, {"auc": 0.99}, status="KILLED"),
    ]
    name = ask.stage(given)
    known = ask.runs(name)
    ask.forget()
    runs = ask.runs(name)
    assert repr(known) == repr(runs)  # a NaN equals none
    facts = [(r.name, r.status, dict(r.params), {k: v for k, v in r.metrics.items() if not math.isnan(v)}) for r in runs]
    assert facts == [
        ("best", "FINISHED", {"depth": "5"}, {"auc": 0.81, "loss": -1e-9}),
        ("failed", "FAILED", {"depth": "0"}, {}),
        ("nan", "FINISHED", {}, {}),
        ("killed", "KILLED", {}, {"auc": 0.99}),
    ]
    assert [list(r.metrics) for r in runs] == [["auc", "loss"], [], ["auc"], ["auc"]]
    assert dict(runs[0].tags) == {"git_commit": "f" * 40, "mlflow.runName": "best"}
    assert (runs[0].start_time, runs[0].end_time) == (moment, moment + timedelta(seconds=0.5))
    gaps = [later.start_time - earlier.start_time for earlier, later in itertools.pairwise(runs[1:])]
    assert gaps == [timedelta(seconds=1)] * 2
    seen = student.post("runs/search", experiment_ids=[runs[0].experiment_id])["runs"]
    assert {record["info"]["run_name"] for record in seen} == {"best", "failed", "nan", "killed"}
    for path, body in (
        ("runs/set-tag", {"run_id": runs[0].id, "key": "a", "value": "b"}),
        ("runs/delete", {"run_id": runs[0].id}),
        ("runs/create", {"experiment_id": runs[0].experiment_id}),
        ("experiments/delete", {"experiment_id": runs[0].experiment_id}),
    ):
        assert student.send("POST", f"api/2.0/mlflow/{path}", json=body).status_code == 403, path
    assert ask.runs() == []


def test_what_was_read_stays_until_the_students_code_runs(mine: Namespace, mlflow: MlflowService) -> None:
    """Checks see one state of the experiment and of its runs, whatever is written meanwhile; `forget` shows the new one."""
    ask, student = mlflow.questions(mine.name), Mlflow(mine.grants["mlflow"])
    experiment = student.experiment_id()

    def make() -> str:
        made = student.post("runs/create", experiment_id=experiment, start_time=1_000)["run"]
        return str(made["info"]["run_id"])

    def state() -> tuple[list[str], dict[str, str], str]:
        run = ask.run(first)
        return [one.id for one in ask.runs()], dict(run.params), ask.location(run)

    first = make()
    place = f"s3://{mine.name}/mlflow/{first}/artifacts"
    before = state()
    student.post("runs/log-parameter", run_id=first, key="depth", value="3")
    second = make()
    meanwhile = state()
    ask.forget()
    later = state()
    assert (before, meanwhile) == (([first], {}, place),) * 2
    assert (sorted(later[0]), later[1:]) == (sorted([first, second]), ({"depth": "3"}, place))


def test_staged_runs_are_hidden_from_others(mine: Namespace, other: Namespace, mlflow: MlflowService) -> None:
    """What is staged for one run, another can't read."""
    run = mlflow.questions(mine.name).runs(mlflow.questions(mine.name).stage([StagedRun("s")]))[0]
    answer = Mlflow(other.grants["mlflow"]).send("GET", "api/2.0/mlflow/runs/get", params={"run_id": run.id})
    assert answer.status_code == 403


def test_more_runs_than_a_page(mine: Namespace, mlflow: MlflowService, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are read."""
    monkeypatch.setattr("grader.services.mlflow_questions.PAGE", 2)
    ask = mlflow.questions(mine.name)
    name = ask.stage([StagedRun(str(n)) for n in range(5)])
    ask.forget()  # what it made, it knows without asking
    assert [run.name for run in ask.runs(name)] == ["0", "1", "2", "3", "4"]


def test_a_run_without_anything(mine: Namespace, mlflow: MlflowService) -> None:
    """A bare run, still running, has no end, model or artifact."""
    student = Mlflow(mine.grants["mlflow"])
    experiment = student.experiment_id()
    info = student.post("runs/create", experiment_id=experiment, start_time=1_000, run_name="bare")["run"]["info"]
    ask = mlflow.questions(mine.name)
    run = ask.run(info["run_id"])
    assert run == Run(
        info["run_id"], "bare", "RUNNING", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), None, {}, {}, {"mlflow.runName": "bare"},
        experiment, f"s3://{mine.name}/mlflow/{info['run_id']}/artifacts",
    )  # fmt: skip
    assert (run.model_uri, ask.model(run), ask.artifacts(run)) == ("", None, [])


@pytest.mark.parametrize(
    "mlmodel",
    [
        b"", b"[" * 50_000, b"\xff\xfe\x00", b"signature: x", b"signature: {inputs: 3, outputs: '[1]'}",
        b"signature: {inputs: '" + b"[" * 50_000 + b"'}", b"!!python/object/apply:os.system ['true']",
    ],
)  # fmt: skip
def test_an_mlmodel_that_makes_no_sense(mlmodel: bytes) -> None:
    """An MLmodel file is the student's word: what isn't a signature reads as none."""
    assert signature_from(mlmodel) == {"inputs": None, "outputs": None}


@pytest.mark.parametrize(
    ("content", "inputs"), [(b'signature: {inputs: \'[{"name": "a"}]\'}', ({"name": "a"},)), (b"#" * 300_000, None)]
)
def test_a_model_logged_by_hand(
    mine: Namespace, mlflow: MlflowService, content: bytes, inputs: tuple[dict[str, str], ...] | None
) -> None:
    """A model's location comes from the server, its signature from the MLmodel file there unless that is too large."""
    student = Mlflow(mine.grants["mlflow"])
    run = student.log_run("mine", {}, {})
    body = {"experiment_id": student.experiment_id(), "name": "m", "source_run_id": run}
    info = student.post("logged-models", **body)["model"]["info"]
    student.post("runs/outputs", run_id=run, models=[{"model_id": info["model_id"], "step": 0}])
    location = f"s3://{mine.name}/mlflow/models/{info['model_id']}/artifacts"
    key = location.removeprefix(f"s3://{mine.name}/") + "/MLmodel"
    s3_client(mine.grants["s3"]).put_object(Bucket=mine.name, Key=key, Body=content)
    ask = mlflow.questions(mine.name)
    assert ask.model(ask.run(run)) == LoggedModel(info["model_id"], "m", location, inputs)


def test_json_of_a_run_is_plain(mine: Namespace, mlflow: MlflowService) -> None:
    """Times a student made up beyond the calendar don't break the reading."""
    student = Mlflow(mine.grants["mlflow"])
    far = {"experiment_id": student.experiment_id(), "start_time": 9_000_000_000_000_000_000, "run_name": "far"}
    student.post("runs/create", **json.loads(json.dumps(far)))
    assert [run.start_time for run in mlflow.questions(mine.name).runs()] == [datetime.min.replace(tzinfo=UTC)]
