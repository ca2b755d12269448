"""The last result is kept whole, a lab a file; what can't be read is no result."""

from __future__ import annotations

from pathlib import Path

from grader.learner import last_result
from grader.learner.last_result import Kept
from grader.result import CheckResult, Result

RESULT = Result(
    lab="01-adding", lab_version="v", submission="/work", student=None, submission_sha256="0" * 64, outcome="finished",
    earned=0, possible=60,
    checks=(CheckResult(id="adds", task="add", statement="It adds.", status="failed", earned=0, possible=60),),
)  # fmt: skip

KEPT = Kept(result=RESULT, sources={"add": "def add(a, b): ..."})


def test_the_later_one_counts(tmp_path: Path) -> None:
    """What was kept comes back, each lab's own; a later result replaces it."""
    later = Kept(result=RESULT.model_copy(update={"earned": 60.0}), sources={})
    last_result.keep(tmp_path, KEPT)
    assert (last_result.last(tmp_path, "01-adding"), last_result.last(tmp_path, "02-other")) == (KEPT, None)
    last_result.keep(tmp_path, later)
    assert last_result.last(tmp_path, "01-adding") == later
    assert [file.name for file in (tmp_path / "results").iterdir()] == ["01-adding.json"]


def test_one_of_another_version_is_none(tmp_path: Path) -> None:
    """A file that a power cut or another version left says nothing, and stops nobody."""
    last_result.keep(tmp_path, KEPT)
    (tmp_path / "results" / "01-adding.json").write_text('{"schema": 2}')
    assert last_result.last(tmp_path, "01-adding") is None
