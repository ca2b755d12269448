"""What the doctor says of clusters that lack something, from answers as their APIs give them."""

from __future__ import annotations

from typing import Any

import pytest

from grader.backends.kubernetes.cluster import ClusterError
from grader.backends.kubernetes.rights import SANDBOXES, SERVICES
from grader.cluster import looks
from grader.cluster.finding import Finding

VERBS = sum(len(right.verbs) for right in (*SANDBOXES, *SERVICES))


class Answers:
    """Stands for a cluster that can't be had: one that is old, bare, or allows nothing."""

    where = "https://api.example.org (from a test)"

    def __init__(self, answers: dict[str, Any], refused: tuple[str, ...] = ()) -> None:
        self._answers, self._refused = answers, refused

    def get(self, path: str) -> Any:
        if path not in self._answers:
            raise ClusterError(404, "the server could not find the requested resource")
        return self._answers[path]

    def create(self, path: str, review: Any) -> Any:
        asked = review["spec"]["resourceAttributes"]
        return {"status": {"allowed": f"{asked['verb']} {asked['resource']}" not in self._refused}}


def test_an_old_cluster() -> None:
    """It says which version is old enough, and what to do."""
    assert looks.version(Answers({"/version": {"gitVersion": "v1.24.17-eks"}})) == Finding(  # type: ignore[arg-type]
        "API", False, "v1.24.17-eks at https://api.example.org (from a test) (upgrade the cluster to 1.29 or newer)"
    )


def test_a_bare_cluster() -> None:
    """Without metrics one can grade; without a class for volumes one can't."""
    bare: Any = Answers({looks.CLASSES: {"items": [{"metadata": {"name": "slow"}}]}})
    assert looks.metrics(bare) == Finding(
        "metrics", False,
        "no metrics API (install metrics-server; without it `kubectl top` and autoscaling by load don't work)", needed=False,
    )  # fmt: skip
    assert looks.storage(bare) == Finding(
        "storage", False,
        "no default StorageClass among slow (annotate one as the default, or name one in the chart's values, and in "
        "MLOPS_KUBE_STORAGE for graders elsewhere)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "detail"),
    [
        ((), f"all {VERBS} that workers use in course-sandboxes and course-services"),
        (
            ("create leases", "get resourcequotas"),
            "not allowed: create leases in course-sandboxes, get resourcequotas in course-sandboxes (the chart's Roles give "
            "them to its workers; `kubectl auth can-i --list` shows yours)",
        ),
    ],
)
def test_rights(refused: tuple[str, ...], detail: str) -> None:
    """Those that are lacking are named, with where."""
    cluster: Any = Answers({}, refused)
    assert looks.rights(cluster, "course") == Finding("rights", not refused, detail)
