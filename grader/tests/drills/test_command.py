"""`mlops drill` as a person runs it, on a drill that needs no services."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.drills.rehearsal import as_learner
from grader.learner.record import Record
from grader.tests.path.conftest import alive

MLOPS = str(Path(sys.executable).with_name("mlops"))
DRILL = "environment-stdlib-breaks"


def mlops(home: Path, work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "MLOPS_HOME": str(home), "MLOPS_WORK": str(work), "NO_COLOR": "1", "COLUMNS": "100"}
    command = [MLOPS, *(() if arguments == ("status",) else ("drill",)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=variables, cwd=work, check=False)


@pytest.mark.services
def test_from_the_page_to_the_cure(home: Path, tmp_path: Path) -> None:
    """Start shows the page and makes the folder; check says what is wrong, and ends with 1, until the fault is mended; then
    it says how long that took and with how many hints; the record has all of it; stop leaves nothing."""
    folder = tmp_path / "drills" / DRILL
    started = mlops(home, tmp_path, "start", DRILL)
    assert started.returncode == 0, started.stderr
    assert started.stdout.startswith("PAGE  Monday 05:12  churn-features  FAILED 3 of 3\n")
    assert f"cd {folder} && . ./env.sh" in started.stdout
    assert f"drill {DRILL} is under way, in {folder}\n" in mlops(home, tmp_path, "status").stdout

    broken = mlops(home, tmp_path, "check")
    assert broken.returncode == 1
    verdicts = re.findall(r"^([✓✗] [a-z-]+)  ", broken.stdout, re.MULTILINE)
    assert verdicts == ["✗ job-runs", "✗ holidays-count", "✗ no-shadow"]
    assert re.search(r"expected +modules that shadow the standard library: \[\] *\n +found +\['calendar'\]", broken.stdout)

    hint = mlops(home, tmp_path, "hint")
    assert hint.stdout.startswith("hint 1 of 6. Run, in the drill's folder:")
    fix = mlops(home, tmp_path, "fix").stdout
    for command in re.findall(r"^    (.+?)$", fix.replace("\\\n", ""), re.MULTILINE):
        done = as_learner(command, folder)
        assert done.code == 0, done.text

    mended = mlops(home, tmp_path, "check", DRILL)
    assert mended.returncode == 0, mended.stdout
    assert re.search(r"\nMended in \d+ min, with the fix shown\.\n", mended.stdout)
    assert re.search(rf"{DRILL} .* mended ?\n|{DRILL} .*under way", mlops(home, tmp_path, "list").stdout)
    assert [event["event"] for event in Record(home).events(lab=DRILL)] == [
        "drill_started", "drill_checked", "drill_hint", "drill_fix_shown", "drill_checked"
    ]  # fmt: skip
    assert [event["mended"] for event in Record(home).events("drill_checked", DRILL)] == [False, True]

    assert mlops(home, tmp_path, "stop").returncode == 0
    assert (folder.exists(), list((home / "drills").iterdir())) == (False, [])
    assert [line for line in alive(home) if str(folder) in line] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check",), "mlops: no drill is under way (mlops drill list, then mlops drill start <drill>)\n"),
        (("check", DRILL), f"mlops: drill {DRILL} is not under way (mlops drill start {DRILL})\n"),
        (("start", "environment-stdlib-break"), "mlops: there is no drill 'environment-stdlib-break' (did you mean "),
    ],
)
def test_bad_input(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """A drill that isn't there or isn't under way: one clear line, and code 2."""
    done = mlops(tmp_path / "home", tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_a_folder_inside_the_course(tmp_path: Path) -> None:
    """The course's own tree is no place to work in."""
    inside = Path(__file__).with_name("drill")
    done = mlops(tmp_path / "home", tmp_path, "start", DRILL, "--dir", str(inside))
    assert done.returncode == 2
    assert "lies inside the course" in done.stderr
    assert not inside.exists()
