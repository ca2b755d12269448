"""Which ports a service gets: its usual ones where they are free, unless none is to be preferred."""

from __future__ import annotations

import socket

import pytest

from grader.stack import ports


@pytest.fixture
def usual() -> int:
    """A port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_the_usual_port_where_it_is_free(usual: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner finds MLflow where its documentation says."""
    monkeypatch.delenv(ports.VARIABLE, raising=False)
    assert ports.choose({"http": usual}) == {"http": usual}


def test_another_one_where_none_is_preferred(usual: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two homes that start at the same time must not both choose the usual one; a demanded port is demanded all the same."""
    monkeypatch.setenv(ports.VARIABLE, "free")
    chosen = ports.choose({"http": usual, "admin": usual + 1}, {"admin": usual})
    assert (chosen["http"] not in (0, usual), chosen["admin"]) == (True, usual)
