"""Calls to a cluster's API."""

from __future__ import annotations

import pytest
from kubernetes.config import kube_config

from grader.tests import clusters

pytestmark = pytest.mark.kubernetes


def test_calls_work_until_the_process_has_ended() -> None:
    """At its end the library's own files are gone before the last pods are: a new connection needs none of them."""
    cluster = clusters.cluster()
    kube_config._cleanup_temp_files()
    cluster._client.rest_client.pool_manager.clear()
    assert cluster.get("/version")["major"] == "1"
