"""What a check may ask of MLflow."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from grader.services.mlflow_api import NOT_FOUND, MlflowApi, Refused, explained, passing
from grader.services.mlflow_records import Artifact, LoggedModel, Run, StagedRun, run_from, signature_from

PAGE = 1000
RUN_ID, MODEL_ID = re.compile("[0-9a-f]{32}"), re.compile("m-[0-9a-f]{32}")
MOST_RUNS = 10_000
MOST_FOLDERS = 200
MLMODEL_BYTES = 256 * 1024
MODEL_PAGE = 50
"""The most models that the server gives at once."""


class NoSuchRun(LookupError):
    """There is no such run, or experiment, in this namespace."""


class MlflowQuestions:
    """Looks at one namespace's experiment with the grader's own credentials. Every method raises ServiceFailed.

    What was read stays as it was read until `forget`: checks see one state while nothing is asked of the student's code.
    """

    def __init__(self, api: MlflowApi, namespace: str, experiments: Mapping[str, str] = MappingProxyType({})) -> None:
        """`experiments`: the ids, by name, of those that are known."""
        self._api, self.namespace = api, namespace
        self._experiments = dict(experiments)
        self._read: dict[tuple[str, str], Any] = {}

    def forget(self) -> None:
        """Read anew from here on: the student's code ran, and may have changed what is there."""
        self._read.clear()

    def runs(self, experiment: str = "") -> list[Run]:
        """The runs of the namespace's experiment, or of one that `stage` made, in the order of their start."""
        number = self._experiment(experiment or self.namespace)
        found: list[Run] = self._once("runs", number, self._search)
        return list(found)

    def _search(self, experiment_id: str) -> list[Run]:
        found: list[Run] = []
        query: dict[str, Any] = {
            "experiment_ids": [experiment_id],
            "order_by": ["attributes.start_time ASC"],
            "max_results": PAGE,
        }
        while len(found) < MOST_RUNS:
            with explained():
                page = self._api.post("2.0/mlflow/runs/search", **query)
            found += [run_from(record) for record in page.get("runs", [])]
            if not page.get("next_page_token"):
                break
            query["page_token"] = page["next_page_token"]
        return found

    def run(self, run_id: str) -> Run:
        """One run of the namespace's experiment. Raises NoSuchRun when it is none of it, whatever it is elsewhere."""
        run: Run | None = None
        if RUN_ID.fullmatch(run_id):  # what else a student returns is no id, and no request of ours
            run = self._once("run", run_id, self._get)
        if run is None or run.experiment_id != self._experiment(self.namespace):
            raise NoSuchRun(f"there is no run {run_id[:64]!r} in the experiment {self.namespace}")
        return run

    def _get(self, run_id: str) -> Run | None:
        with contextlib.suppress(Refused):
            return run_from(self._api.get("2.0/mlflow/runs/get", run_id=run_id)["run"])
        return None

    def model(self, run: Run) -> LoggedModel | None:
        """The model that the run logged last, with its signature; None when it logged none."""
        if not run.model_ids or not MODEL_ID.fullmatch(run.model_ids[-1]):
            return None
        try:
            info = self._api.get(f"2.0/mlflow/logged-models/{run.model_ids[-1]}")["model"]["info"]
        except Refused:
            return None
        if info["experiment_id"] != run.experiment_id:
            return None
        return LoggedModel(info["model_id"], info["name"], info["artifact_uri"], **self._signature(info["model_id"]))

    def location(self, run: Run) -> str:
        """Where the files of the model that the run logged last lie, or the run's own artifacts when it logged none:
        `s3://<bucket>/<prefix>`. One call for all runs of an experiment."""
        locations: dict[str, str] = self._once("locations", run.experiment_id, self._locations)
        return locations.get(run.model_ids[-1] if run.model_ids else "", run.artifact_uri)

    def artifacts(self, run: Run) -> list[Artifact]:
        """The files that the run logged (those of its models lie elsewhere), by path below `run.artifact_uri`."""
        files: list[Artifact] = []
        folders = [""]
        for folder in folders:
            listed = self._list("2.0/mlflow/artifacts/list", run_id=run.id, path=folder)
            files += [Artifact(item["path"], int(item.get("file_size", 0))) for item in listed if not item.get("is_dir")]
            folders += [item["path"] for item in listed if item.get("is_dir")][: MOST_FOLDERS - len(folders)]
        return sorted(files, key=lambda file: file.path)

    def stage(self, runs: Sequence[StagedRun]) -> str:
        """Make an experiment with these runs, which the namespace's user may read; returns its name.

        It goes when the namespace is closed.
        """
        name = f"{self.namespace}-staged-{secrets.token_hex(4)}"
        first = datetime.now(UTC) - timedelta(seconds=len(runs) + 1)
        records = [_staged(run, first + timedelta(seconds=number)) for number, run in enumerate(runs)]
        with explained():
            made = self._api.post("2.0/mlflow/course/stage", experiment=name, reader=self.namespace, runs=records)
        number = self._experiments[name] = made["experiment_id"]
        self._read["runs", number] = sorted(map(run_from, made["runs"]), key=lambda run: (run.start_time, run.id))
        return name

    def _once(self, what: str, key: str, read: Callable[[str], Any]) -> Any:
        """What `read` gave for the key, read now or before."""
        if (what, key) not in self._read:
            self._read[what, key] = read(key)
        return self._read[what, key]

    def _experiment(self, name: str) -> str:
        """The id of an experiment of this namespace."""
        if name != self.namespace and not name.startswith(f"{self.namespace}-staged-"):
            raise NoSuchRun(f"{name[:64]!r} is no experiment of {self.namespace}")
        if name not in self._experiments:
            try:
                found = self._api.get("2.0/mlflow/experiments/get-by-name", experiment_name=name)
            except Refused as refused:
                raise NoSuchRun(f"there is no experiment {name[:64]!r}") from refused
            self._experiments[name] = found["experiment"]["experiment_id"]
        return self._experiments[name]

    def _locations(self, experiment_id: str) -> dict[str, str]:
        """The folders of the experiment's models, by id."""
        found: dict[str, str] = {}
        query: dict[str, Any] = {"experiment_ids": [experiment_id], "max_results": MODEL_PAGE}
        while len(found) < MOST_RUNS:
            with explained():
                page = self._api.post("2.0/mlflow/logged-models/search", **query)
            found |= {model["info"]["model_id"]: model["info"]["artifact_uri"] for model in page.get("models", [])}
            if not page.get("next_page_token"):
                break
            query["page_token"] = page["next_page_token"]
        return found

    def _signature(self, model_id: str) -> dict[str, Any]:
        """The signature in the model's MLmodel file; none when the file is missing or larger than any MLmodel is."""
        listed = self._list(f"2.0/mlflow/logged-models/{model_id}/artifacts/directories")
        sizes = {item["path"]: int(item.get("file_size", 0)) for item in listed if not item.get("is_dir")}
        if not 0 < sizes.get("MLmodel", 0) <= MLMODEL_BYTES:
            return {}
        path = f"ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
        try:
            return signature_from(self._api.download(path, MLMODEL_BYTES, artifact_file_path="MLmodel"))
        except (Refused, ValueError):
            return {}

    def _list(self, path: str, /, **query: str) -> list[dict[str, Any]]:
        answer: dict[str, Any] = {}
        with explained(), passing(NOT_FOUND):
            answer = self._api.get(path, **query)
        return list(answer.get("files", []))


def _staged(run: StagedRun, start: datetime) -> dict[str, Any]:
    """A staged run as the server's own route takes it: times in milliseconds, numbers as text since JSON has no NaN."""
    began = int((run.start_time or start).timestamp() * 1000)
    metrics = {name: repr(float(value)) for name, value in run.metrics.items()}
    return asdict(run) | {"metrics": metrics, "start_time": began, "end_time": began + 500}
