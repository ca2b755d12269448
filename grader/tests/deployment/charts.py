"""The chart, by Helm's own library: rendered without a cluster, installed on one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

CHART = Path(__file__).resolve().parents[3] / "environments" / "deployment" / "chart"
Json = dict[str, Any]


def rendered(release: str = "mlops", namespace: str = "course", **values: Any) -> dict[str, Json]:
    """All objects of the chart by `Kind/name` or, elsewhere than in the release's namespace, `Kind/namespace/name`.

    Raises HelmError where values are refused.
    """
    with helm.Chart.load(CHART) as chart:
        chart.validate_schema(values)
        texts = chart.render(values, name=release, namespace=namespace)
    found = {}
    for name, text in sorted(texts.items()):
        for one in yaml.safe_load_all(text) if name.endswith(".yaml") else ():
            if one is not None:
                place = one["metadata"].get("namespace", namespace)
                words = [one["kind"], *([] if place == namespace else [place]), one["metadata"]["name"]]
                assert "/".join(words) not in found
                found["/".join(words)] = one
    return found


def notes(**values: Any) -> str:
    """What Helm prints after an installation."""
    with helm.Chart.load(CHART) as chart:
        return chart.render(values, name="mlops", namespace="course")["mlops-course/templates/NOTES.txt"]


def pod_of(one: Json) -> Json | None:
    """The pod's spec of an object that makes pods."""
    if one["kind"] == "Pod":
        return dict(one["spec"])
    if one["kind"] in ("Deployment", "StatefulSet", "Job"):
        return dict(one["spec"]["template"]["spec"])
    return None
