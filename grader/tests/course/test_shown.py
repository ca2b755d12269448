"""What an author wrote is what a learner sees: no text is lost on its way to the terminal."""

from __future__ import annotations

import pytest

from grader.cli.app import console
from grader.course.tree import Course


def test_every_hint_is_shown_whole(course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets in code are no markup: `rows.iloc[past]` stays what it is."""
    monkeypatch.setenv("COLUMNS", "5000")
    given = [*course.labs(), *course.milestones()]
    hints = [text for lab in given for check in lab.spec.checks for text in check.hints_for(lab.spec.title)]
    for text in hints:
        console().print(text)
    assert capsys.readouterr().out == "".join(f"{text}\n" for text in hints)
