"""The page "run it for your class", command by command, as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.gradebook.database import Database
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue.queue import Queue
from grader.quiz.handed_in import seed_of
from grader.tests.gradebook.small_class import FULL, IMAGE, result
from grader.tests.gradebook.terminal import Terminal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "run-it-for-your-class.md"
COMMAND = re.compile(r"^(?:MLOPS_HOME=(?P<home>\S+) )?mlops admin (?P<words>.+)$", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Those of the blocks that are to be typed: the home, if it is another one, and the words; its dates are still to come."""
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found = [line for block in blocks for line in block.splitlines()]
    matches = [COMMAND.match(line) for line in found]
    assert None not in matches, found
    dated = re.compile(r"\b2026(-\d\d-\d\d)")
    return [(match["home"] or "", dated.sub(r"2999\1", match["words"])) for match in matches if match]


def graded(home: Path) -> None:
    """Everything that waits is graded, by a worker that makes it up."""
    queue = Queue(Database(f"sqlite:///{home}/gradebook.db"))
    while (lease := queue.lease("w")) is not None:
        queue.complete(lease, result(FULL), IMAGE)


def test_the_page(tmp_path: Path, course: Course, lab04: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command does what it says there; the restored class has the same scores."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ann.zip").write_bytes(bundle(lab04, samples.solution(lab04)[0]))
    seed = seed_of("mlops-2026", "overview", "ann")
    answers = {"schema": 1, "quiz": course.quiz("00").id, "seed": seed, "answers": {}}
    (tmp_path / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    said = dict[str, str]()
    for home, words in commands():
        admin = Terminal(tmp_path / (home or "home"))
        said[words] = admin(*shlex.split(words))
        if words.startswith(("submit mlops-2026 overview", "regrade")):
            graded(tmp_path / "home")
    assert len(said) > 30
    assert said["jobs"] == "waiting 0  leased 0  done 2  dead 0\n"
    assert said["scores mlops-2026"] == "student\ttracking\tcapstone-4\toverview\nann\t102\t\t100\nbob\t\t\t\n"
    assert Terminal(tmp_path / "elsewhere")("scores", "mlops-2026") == said["scores mlops-2026"]
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [
        "ann.json", "ann.xml", "ann.zip", "answers.json", "canvas.csv", "class.tar.gz", "grades.csv", "moodle.csv",
    ]  # fmt: skip
