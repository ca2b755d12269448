"""`mlops login`, `logout` and `submit --to` in this process, against a service that listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.cli import handing_in, journey
from grader.cli.app import app
from grader.errors import CourseError
from grader.learner import bundle
from grader.tests.gradebook.small_class import IMAGE, LAB, result
from grader.tests.server.listening import listening
from grader.tests.server.school import School
from grader.tests.server.test_accounts import link_for

__all__ = ["handing_in", "journey"]
"""They register their commands when they are imported."""


@dataclass(frozen=True)
class Learner:
    """Runs commands as a learner, with a home and a working folder; what is typed comes from a pipe."""

    home: Path
    course: Path

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str]:
        """The exit code, and all that was said. Raises the CourseError that the command ends with."""
        variables = {
            "MLOPS_HOME": str(self.home), "MLOPS_WORK": str(self.home / "work"), "MLOPS_COURSE": str(self.course),
            "NO_COLOR": "1", "COLUMNS": "80",
        }  # fmt: skip
        done = CliRunner().invoke(app, [*words], env=variables, input=typed)
        if isinstance(done.exception, CourseError):
            raise done.exception
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output


@pytest.fixture
def url(light: School) -> Iterator[str]:
    with listening(light.app) as at:
        yield at


@pytest.fixture
def learner(light: School, tmp_path: Path, url: str) -> Learner:
    """The owner, signed in, with the lab solved."""
    made = Learner(tmp_path / "home", light.content.root)
    place = made.home / "work" / LAB
    place.mkdir(parents=True)
    bundle.write(light.content, light.content.lab(LAB), "solution", place)
    code, said = made("login", url, "--link", typed=f"{url}/sign-in#{link_for(light, 'owner')}\n")
    assert (code, said) == (0, f"Signed in at {url} as owner (math)\n")
    return made


def graded(school: School, earned: dict[str, float]) -> threading.Thread:
    """What is handed in from now on is graded, once."""

    def work() -> None:
        while (lease := school.queue.lease("w")) is None:
            time.sleep(0.02)
        school.queue.complete(lease, result(earned), IMAGE)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_from_handing_in_to_the_score(light: School, learner: Learner, url: str) -> None:
    """The table is the one of `mlops check`, and so is the exit code; the same again is the same submission."""
    working = graded(light, {"adds": 60, "means": 40})
    code, said = learner("submit", LAB, "--to", url)
    working.join(timeout=60)
    assert (code, "handed in for adding (math): receipt 1, submission 1" in said) == (0, True)
    assert [line for line in said.splitlines() if "passed" in line or "total" in line] == [
        "✓ │ adds  │ passed  │   60/60", "✓ │ means │ passed  │   40/40", "  │ total │         │ 100/100",
    ]  # fmt: skip
    code, said = learner("submit", LAB, "--to", url, "--plain")
    assert (code, "receipt 2, submission 1" in said, "Total: 100 of 100 points." in said) == (0, True, True)


def test_not_full_marks_is_1(light: School, learner: Learner, url: str) -> None:
    """And the first check that failed is explained; what is not released is said."""
    working = graded(light, {"adds": 60})
    assert learner("submit", LAB, "--to", url)[0] == 1
    working.join(timeout=60)


def test_what_goes_wrong_is_one_clear_line(light: School, learner: Learner, url: str, tmp_path: Path) -> None:
    """No address, nobody signed in, a token that has ended, a lab that nobody asks for, one asked for twice."""
    stranger = Learner(tmp_path / "nobody", light.content.root)
    for who, words, said in (
        (learner, ("submit", LAB, "--to", "nonsense"), "'nonsense' is no address of a service"),
        (learner, ("submit", LAB, "--to", "http://127.0.0.1:9"), "you are not signed in at http://127.0.0.1:9 (mlops login"),
        (learner, ("submit", LAB, "--to", url, "--course", "art"), "there is no such course"),
        (learner, ("submit", LAB, "--to", url, "--assignment", "x"), "ask who teaches"),
        (stranger, ("login", url, "--token"), "does not know your token"),
        (stranger, ("login", url, "--name", "owner"), "the name or the password is wrong"),
    ):
        with pytest.raises(CourseError) as error:
            who(*words, typed="not this\n")
        assert said in str(error.value)
        assert "\n" not in str(error.value)
    assert not (tmp_path / "nobody" / "service-tokens.json").exists()
    assert learner("logout", url) == (0, f"Signed out at {url}\n")
    with pytest.raises(CourseError, match="you are not signed in"):
        learner("submit", LAB, "--to", url)
