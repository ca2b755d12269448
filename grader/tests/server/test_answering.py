"""`mlops quiz --to`: a class's sheet answered in a terminal, handed in at a service that listens, marked by a worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.api.client import Client
from grader.cli import handing_in
from grader.cli import quizzing as command
from grader.course.tree import Course
from grader.errors import CourseError
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.learner.record import Record
from grader.quiz.handed_in import seed_of
from grader.tests.quiz import typed
from grader.tests.quiz.questions import question
from grader.tests.quiz.quizzed import quizzed
from grader.tests.server.listening import listening
from grader.tests.server.school import School, ok
from grader.tests.server.test_handing_in import Learner
from grader.tests.server.test_quizzes import SUMS, ask, graded_by_a_worker

__all__ = ["command"]
"""It registers itself when it is imported."""
QUESTIONS = ("single", "multiple", "output", "numeric", "order", "match", "short", "fix")


@pytest.fixture
def quizzing(migrated_file: Path, small: Course, blobs: FolderBlobs, tmp_path: Path) -> School:
    """The quiz has a question of each type, and is asked for."""
    (tmp_path / "quizzing.db").write_bytes(migrated_file.read_bytes())
    school = School(Database(f"sqlite:///{tmp_path / 'quizzing.db'}"), quizzed(small), blobs)
    ask(school, max_submissions=1)
    return school


@pytest.fixture
def url(quizzing: School) -> Iterator[str]:
    with listening(quizzing.app) as at:
        yield at


@pytest.fixture
def learner(quizzing: School, tmp_path: Path, url: str) -> Learner:
    made = Learner(tmp_path / "home", quizzing.content.root)
    assert made("login", url, "--token", typed=quizzing.token("owner", ("read", "submit")) + "\n")[0] == 0
    return made


def right(name: str) -> str:
    return typed.right(question(name), seed_of("math", "sums", "owner"))


def typing(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_a_sheet_is_answered_and_handed_in(quizzing: School, learner: Learner, url: str, tmp_path: Path) -> None:
    """What is typed is kept when one stops; an answer can be changed; one that can't be read, or is refused, is asked again;
    then it is marked, and each question is shown with what it earned."""
    code, said = learner("quiz", "01", "--to", url, typed=typing("?", "zz", right("single"), "a", "q"))
    assert (code, "Stopped; what you answered is kept, and nothing was handed in." in said) == (1, True)
    assert "! there is no letter 'z' here (a to d). Try again; ? explains." in said
    assert ok(quizzing.http("owner").get(f"{SUMS}/submissions"))["items"] == []

    def work() -> None:
        while quizzing.queue.unfinished() == 0:
            time.sleep(0.02)
        graded_by_a_worker(quizzing, tmp_path / "work")

    working = threading.Thread(target=work, daemon=True)
    working.start()
    rest = [right(name) for name in QUESTIONS[2:-1]]
    forbidden, changed = "return eval('x * 2')", (right("multiple"), right("fix"))
    code, said = learner(
        "quiz", "01", "--to", url, "--assignment", "sums",
        typed=typing(*rest, forbidden, "99", "2", changed[0], "", "8", changed[1], ""),
    )  # fmt: skip
    working.join(timeout=120)
    assert code == 0, said
    assert "! there is no question '99', only 1 to 8" in said
    assert (
        "! question q-fix: a mended line may not use eval (mend the line with what the code has). Nothing was handed in."
        in " ".join(said.split())
    )
    assert "handed in for sums (math): receipt 1, submission 1" in said
    verdicts = [[part.strip() for part in line.split("│")][1:] for line in said.splitlines() if "passed" in line]
    assert verdicts == [[f"q-{name}", "passed", "1/1"] for name in QUESTIONS]
    assert [event["submission"] for event in Record(learner.home).events("quiz_handed_in")] == [1]
    with pytest.raises(CourseError, match="assignment sums takes nothing now: no submission is left"):
        learner("quiz", "01", "--to", url)


def test_a_lab_and_a_quiz_of_one_name_are_told_apart(quizzing: School, learner: Learner, url: str) -> None:
    """Their ids are the same, and each is asked for once. What can't be is one clear line."""
    for words, said in (
        (("--assignment", "adding"), "none of your courses as adding asks for quiz 01-adding"),
        (("--course", "math", "--assignment", "x"), "course math as x does not ask for quiz 01-adding"),
        (("--new",), "--to takes a quiz, and neither --new nor --json"),
    ):
        with pytest.raises(CourseError) as error:
            learner("quiz", "01", "--to", url, *words)
        assert said in str(error.value)
    assert "for sums (math) at" in learner("quiz", "01", "--to", url, typed="q\n")[1]
    with Client(url, quizzing.token("owner")) as client:
        found = {what: handing_in._where(client, what, "01-adding", None, None) for what in ("lab", "quiz")}
    assert {what: (course, asked.name) for what, (course, asked) in found.items()} == {
        "lab": ("math", "adding"), "quiz": ("math", "sums"),
    }  # fmt: skip
