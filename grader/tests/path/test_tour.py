"""`mlops tour` in a terminal: from nothing to a first passed check, with wrong turns on the way."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from grader.course.tree import Course
from grader.learner.record import Record
from grader.tests import kept
from grader.tests.path.conftest import HEED, MLOPS, Command

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

ANSWER = [
    "cleaned = customers.copy()",
    'newcomers = cleaned["total_charges"].isna() & (cleaned["tenure"] == 0)',
    'cleaned.loc[newcomers, "total_charges"] = 0.0',
    "return cleaned",
]


@pytest.fixture
def newcomer(tmp_path: Any) -> Iterator[Command]:
    """Somebody who has installed the course and nothing else."""
    command = Command(kept.home(tmp_path / "home"), tmp_path)
    yield command
    command("stop")


def touring(newcomer: Command) -> Any:
    return pexpect.spawn(
        MLOPS[0], ["tour"], env={**newcomer.variables, "TERM": "dumb"}, cwd=str(newcomer.work), dimensions=(40, 80),
        encoding="utf-8", timeout=120, preexec_fn=HEED,
    )  # fmt: skip


def test_from_nothing_to_a_first_passed_check(newcomer: Command) -> None:
    """Each step waits for Enter and runs a real command; a hint is given, a wrong answer explained, the right one passes, and
    what was done counts: the record has the lab, the checks and the hints."""
    child = touring(newcomer)
    child.expect("This tour takes about five minutes")
    child.expect(r"mlops start 00\s+Enter goes on … ")
    child.sendline("")
    child.expect(r"mlops check\s+Enter goes on … ")
    child.sendline("")
    child.expect("0/26 points: ")
    child.expect("mlops hint\r\nEnter goes on … ")
    child.sendline("")
    child.expect("newcomers-owe-nothing, hint 1 of 3: ")
    child.expect('"""The customers, with 0 as the total charge .*\r\n    raise NotImplementedError\r\n')
    child.sendline("h")
    child.expect("newcomers-owe-nothing, hint 2 of 3: ")
    child.sendline("")
    child.expect("The cell is as it was")
    child.sendline("return customers.dropna()")
    child.sendline("")
    child.expect("saved: clean changed\r\n.*✗ newcomers-owe-nothing")
    child.expect("    return customers.dropna\\(\\)\r\n")
    for line in [*ANSWER, ""]:
        child.sendline(line)
    child.expect("newcomers-owe-nothing and nothing-else-changes: passed, 26 of 26 points.*mlops stop ")
    child.expect(pexpect.EOF)
    child.close()
    events = list(Record(newcomer.home).events())
    assert (child.exitstatus, [e["event"] for e in events if e["event"] != "checked"]) == (0, ["started", "hint", "hint"])
    assert events[-1]["checks"]["newcomers-owe-nothing"][0] == "passed"


def test_the_readme_s_transcript_is_what_the_tour_says(newcomer: Command, course: Course) -> None:
    """Its texts, up to the first line that is typed, word for word but for times, addresses and passwords."""
    child = touring(newcomer)
    told = io.StringIO()
    child.logfile_read = told
    for _ in range(3):
        child.expect("Enter goes on … ")
        child.sendline("")
    child.expect("NotImplementedError\r\n> ")
    child.sendline("q")
    child.expect(pexpect.EOF)
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ mlops tour\n")[2].partition("\n> ")[0]
    assert steady(told.getvalue())[: len(steady(shown))] == steady(shown)


def steady(text: str) -> list[str]:
    """The lines without what differs from run to run."""
    varies = re.compile(r"^(MLflow  |Made |starting |preparing )|^\d\d:\d\d:\d\d ")
    return [line.rstrip() for line in text.replace("\r", "").splitlines() if line.strip() and not varies.search(line)]


def test_it_can_be_left_and_begun_again(newcomer: Command) -> None:
    """Ctrl-C says how to go on; what was written stays."""
    child = touring(newcomer)
    child.expect("Enter goes on … ")
    child.sendintr()
    child.expect("Left the tour. `mlops tour` begins it again")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
