"""What MLflow holds, as plain frozen data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import yaml

Status = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class Run:
    """A run as the server has it. Its owner can have set any of it, times included."""

    id: str
    name: str
    status: str
    start_time: datetime
    end_time: datetime | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    """The last value of each metric; may be NaN."""
    tags: Mapping[str, str]
    experiment_id: str
    artifact_uri: str
    model_ids: tuple[str, ...] = ()
    """Models logged in the run, in the order in which they were logged."""

    @property
    def model_uri(self) -> str:
        """What `mlflow.…load_model` takes to load the run's last model; "" when it has none."""
        return f"models:/{self.model_ids[-1]}" if self.model_ids else ""


@dataclass(frozen=True)
class LoggedModel:
    """A model logged in a run. A signature that isn't there, or can't be read, is None."""

    id: str
    name: str
    location: str
    """The folder of its files: `s3://<bucket>/<prefix>`."""
    inputs: tuple[Mapping[str, Any], ...] | None = None
    """Columns of the signature, each with `name` and `type` as MLflow wrote them."""
    outputs: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True)
class Artifact:
    """A file below a run's or a model's artifact folder; `size` in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class StagedRun:
    """A run that the grader puts on the server. Without `start_time`, runs start a second apart, in their order."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    status: str = "FINISHED"
    start_time: datetime | None = None


def run_from(record: Mapping[str, Any]) -> Run:
    """A run from MLflow's JSON."""
    info, data = record["info"], record.get("data", {})
    models = record.get("outputs", {}).get("model_outputs", [])
    return Run(
        id=info["run_id"],
        name=info.get("run_name", ""),
        status=info["status"],
        start_time=_moment(info["start_time"]),
        end_time=_moment(info["end_time"]) if info.get("end_time") else None,
        params={item["key"]: item.get("value", "") for item in data.get("params", [])},
        metrics={item["key"]: float(item.get("value", 0.0)) for item in data.get("metrics", [])},
        tags={item["key"]: item.get("value", "") for item in data.get("tags", [])},
        experiment_id=info["experiment_id"],
        artifact_uri=info.get("artifact_uri", ""),
        model_ids=tuple(item["model_id"] for item in models),
    )


def signature_from(mlmodel: bytes) -> dict[str, tuple[Mapping[str, Any], ...] | None]:
    """`inputs` and `outputs` of an MLmodel file: YAML that holds JSON. Anything else in their place is None."""
    try:
        content = yaml.safe_load(mlmodel)
    except (yaml.YAMLError, ValueError, RecursionError):
        content = None
    signature = content.get("signature") if isinstance(content, dict) else None
    given = signature if isinstance(signature, dict) else {}
    return {side: _columns(given.get(side)) for side in ("inputs", "outputs")}


def _columns(text: object) -> tuple[Mapping[str, Any], ...] | None:
    try:
        columns = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        return None
    return tuple(columns)


def _moment(milliseconds: object) -> datetime:
    """A time from MLflow; what lies outside the calendar (an owner can set anything) becomes its first moment."""
    try:
        return datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)
