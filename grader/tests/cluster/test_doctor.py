"""`mlops doctor --kubernetes` on a real cluster."""

from __future__ import annotations

import json
import os

import pytest
from typer.testing import CliRunner

from grader.backends.containment import KIND
from grader.backends.protocol import Environment
from grader.cli import main
from grader.cli.app import app
from grader.cluster import trial
from grader.cluster.doctor import examine
from grader.tests import clusters
from grader.tests.contract.conftest import DOCKERFILE, environment

__all__ = ["environment", "main"]

NOWHERE = "mlops-course/of-no-registry:1"


@pytest.mark.kubernetes
def test_a_good_cluster(environment: Environment) -> None:
    """All is found by trying it: a privileged pod is refused, an image that no node can have is named, a network policy
    stops what went through before. Nothing of it is left but a namespace that is on its way out."""
    there = clusters.backend(0, DOCKERFILE).prepare(environment)
    here = clusters.cluster()
    clusters.load(environment, DOCKERFILE, there)
    found = {one.what: one for one in examine(here, "mlops", {"contract": there, "none": NOWHERE})}
    assert {what: one.good for what, one in found.items()} == {
        "API": True, "rights": True, "storage": True, "metrics": True, "Pod Security": True, "images": False, "network": True,
    }  # fmt: skip
    assert NOWHERE in found["images"].detail and there not in found["images"].detail
    left = here.get("/api/v1/namespaces", labelSelector=f"{KIND}={trial.TRIAL}")["items"]
    assert [one["metadata"]["name"] for one in left if "deletionTimestamp" not in one["metadata"]] == []


def test_without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says where it looked and what to do, and leaves with 2."""
    monkeypatch.setenv("KUBECONFIG", os.devnull)
    done = CliRunner().invoke(app, ["doctor", "--kubernetes"])
    assert "no Kubernetes cluster" in str(done.exception)
    assert getattr(done.exception, "exit_code", None) == 2


def test_of_this_machine_as_an_object() -> None:
    """The same rows as the table, one object."""
    said = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert (said["schema"], said["about"]) == (1, "machine")
    assert [one["what"] for one in said["findings"]] == ["Python", "course", "uv", "git", "disk", "limits", "Docker"]
    assert [one["what"] for one in said["findings"] if not one["needed"]] == ["git", "limits", "Docker"]
