"""Asking for a pod where a quota counts them: what is asked for again, and what is not."""

from __future__ import annotations

import time

import pytest

from grader.backends.kubernetes import pod
from grader.backends.kubernetes.cluster import Cluster, ClusterError, Json

CONTENDED = ClusterError(409, 'Operation cannot be fulfilled on resourcequotas "sandboxes": the object has been modified')
FULL = ClusterError(403, 'pods "sandbox-1" is forbidden: exceeded quota: sandboxes')
THERE = ClusterError(409, 'pods "sandbox-1" already exists')


class Answering(Cluster):
    """Refuses what is created so many times, with these words of a real API server."""

    def __init__(self, *refusals: ClusterError) -> None:
        self._refusals = list(refusals)

    def create(self, path: str, body: Json, **query: str) -> Json:
        if self._refusals:
            raise self._refusals.pop(0)
        return body


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_SECONDS", "CONTENDED_SECONDS"):
        monkeypatch.setattr(pod, name, 0.0)


def asked(*refusals: ClusterError, seconds: float = 60) -> int:
    """How often room was made before there was a pod."""
    made: list[None] = []
    pod.create(Answering(*refusals), "/pods", {}, time.monotonic() + seconds, lambda: made.append(None))
    return len(made)


def test_a_quota_that_others_changed_is_asked_again_and_nobody_makes_room() -> None:
    """Two pods counted at the same moment: the API refuses one of them, which is nobody's fault."""
    assert asked(CONTENDED, CONTENDED) == 0


def test_room_is_made_where_the_quota_is_used_up() -> None:
    assert asked(FULL, CONTENDED, FULL) == 2


def test_what_else_is_refused_is_raised() -> None:
    """A pod of this name is no other moment's matter; nor is what is still so when time is up."""
    with pytest.raises(ClusterError, match="already exists"):
        asked(THERE)
    with pytest.raises(ClusterError, match="resourcequotas"):
        asked(CONTENDED, seconds=-1)
