"""A run that takes long says that it still goes on, and when it is ended."""

from __future__ import annotations

import threading

import pytest

from grader.cli import patience as module
from grader.cli.patience import patience


def test_a_long_run_is_told_of_and_a_short_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every so often while the work goes on, with the lab's limit; nothing for work that is done before, nor after it."""
    said, twice = list[str](), threading.Event()

    def hear(words: str) -> None:
        said.append(words)
        if len(said) == 2:
            twice.set()

    monkeypatch.setattr(module, "say", hear)
    with patience(240):
        pass
    assert said == []
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.01)
    with patience(240):
        assert twice.wait(60)
    told = "still running after 0 s; the lab's limit is 240 s. Code that loops for ever looks like this"
    assert said[:2] == [told, told]
    assert not any(thread.name == "patience" for thread in threading.enumerate())
