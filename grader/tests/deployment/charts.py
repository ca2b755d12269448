"""The chart, by Helm's own library: rendered without a cluster, installed on one."""

from __future__ import annotations

import argparse
import re
import shlex
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


def run(line: str, folder: Path) -> None:
    """What `helm …` does on the cluster of KUBECONFIG, as far as the docs use it; files are found from `folder`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["upgrade", "test", "uninstall"])
    parser.add_argument("name")
    parser.add_argument("chart", nargs="?")
    parser.add_argument("--namespace")
    parser.add_argument("--values", type=Path)
    parser.add_argument("--set", default="")
    parser.add_argument("--timeout", default="5m", type=lambda text: int(text.removesuffix("m")) * 60)
    for flag in ("--install", "--reuse-values", "--wait"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args(shlex.split(line)[1:])
    wait = "watcher" if asked.wait else None
    with helm.Config(namespace=asked.namespace) as config:
        if asked.verb == "test":
            config.test(asked.name, timeout=asked.timeout)
        elif asked.verb == "uninstall":
            config.uninstall(asked.name, timeout=asked.timeout, wait=wait)
        else:
            values = yaml.safe_load((folder / asked.values).read_text(encoding="utf-8")) if asked.values else {}
            values |= helm.parse_set_string(asked.set) if asked.set else {}
            given: dict[str, Any] = {"namespace": asked.namespace, "timeout": asked.timeout, "wait": wait}
            try:
                config.upgrade(CHART, asked.name, values, reuse_values=asked.reuse_values, **given)
            except helm.HelmError as error:
                if not asked.install or not re.search("not found|no deployed releases", str(error)):
                    raise
                config.install(CHART, asked.name, values, **given)
