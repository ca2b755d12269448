"""The Kubernetes cluster that tests may use, where there is one: that of KUBECONFIG."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from grader.backends.kubernetes.cluster import Cluster, connect
from grader.errors import Unavailable

REQUIRED = "MLOPS_REQUIRE_KUBERNETES"


def cluster() -> Cluster:
    """A client. Skips where no KUBECONFIG is set or nobody answers, unless MLOPS_REQUIRE_KUBERNETES says that one must."""
    must = os.environ.get(REQUIRED) == "1"
    if not must and not os.environ.get("KUBECONFIG"):
        pytest.skip("no cluster for tests: KUBECONFIG names none")
    if not must and shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here")
    try:
        return connect()
    except Unavailable as why:
        if must:
            raise
        pytest.skip(str(why))


def kubectl(*words: str) -> str:
    """What kubectl prints; its own words where it fails."""
    ran = subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"kubectl {' '.join(words)}: {ran.stderr}"
    return ran.stdout
