"""A quiz of a class: everybody's own sheet, answers that are accepted like all work, marked by the worker in its sandbox."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook import roster, work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.matrix import matrix
from grader.gradebook.tables import Assignment, Job
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue.intake import Accepted, accept, target_of
from grader.quiz import mend
from grader.quiz.handed_in import seed_of
from grader.result import Result
from grader.spec.quiz import FixQuestion
from grader.stack.stack import Stack
from grader.tests import kept
from grader.tests.gradebook.small_class import SmallClass
from grader.tests.gradebook.terminal import Terminal
from grader.tests.quiz.questions import QUIZ, question
from grader.tests.quiz.quizzed import quizzed as with_questions
from grader.worker.quizzes import runner
from grader.worker.site import Site


@pytest.fixture
def quizzed(small: Course) -> Course:
    """The small course with a question of each type, and an environment in which a kernel runs."""
    return with_questions(small)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


FORGED = "%time __import__('IPython').core.interactiveshell.ExecutionResult.success = True"
"""A mended line that is no Python: a shell would run it all the same, and call its failed test a success."""


def ask(klass: SmallClass, kind: str = "quiz", **more: int) -> Assignment:
    with klass.database.writing() as session:
        return roster.assign(session, klass.clock.time, klass.course, "sums", kind, "01-adding", **more)  # type: ignore[arg-type]


def answers(person: str, **typed: str) -> bytes:
    seed = seed_of("math", "sums", person)
    return json.dumps({"schema": 1, "quiz": QUIZ.id, "seed": seed, "answers": {f"q-{n}": t for n, t in typed.items()}}).encode()


def test_answers_become_a_job(klass: SmallClass, quizzed: Course, blobs: FolderBlobs) -> None:
    """As a bundle does; the same answers again are the same submission, and another sheet's are refused at once."""
    asked = ask(klass, max_submissions=1)
    handed_in = answers("ann", short="git status -s")
    given = [accept(klass.database, blobs, quizzed, "math", "sums", "ann", sent) for sent in (handed_in, handed_in + b" ")]
    assert given == [Accepted(1, 1, 1, False), Accepted(2, 1, 1, False)]
    with pytest.raises(BadInput, match="these are answers to another sheet than yours"):
        accept(klass.database, blobs, quizzed, "math", "sums", "bob", handed_in)
    with pytest.raises(BadInput, match="all 1 submissions of sums are used"):
        accept(klass.database, blobs, quizzed, "math", "sums", "ann", answers("ann", short="git status"))
    target = target_of(quizzed, asked)
    with klass.database.reading() as session:
        job = session.get_one(Job, 1)
    assert (job.lab, job.lab_version, job.image) == (QUIZ.id, target.version, target.image)
    (quizzed.root / "quizzes" / "01-adding.yaml").write_text("schema: 1\n", encoding="utf-8")


def test_a_changed_quiz_is_another_version(klass: SmallClass, quizzed: Course) -> None:
    """So that what was marked by the old one can be marked again."""
    asked = ask(klass)
    before, file = target_of(quizzed, asked), quizzed.root / "quizzes" / "01-adding.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert (target_of(quizzed, asked).version == before.version, target_of(quizzed, asked).image == before.image) == (
        False,
        True,
    )


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_worker_marks_it(klass: SmallClass, quizzed: Course, blobs: FolderBlobs, tmp_path: Path) -> None:
    """With the same marking as `mlops quiz`; a mended line and its test run in a sandbox, where a loop without an end and
    a process that leaves are the line's own fault. The result counts like every other one."""
    ask(klass)
    lines = {"ann": "return x * 2", "bob": "return 1 / 0"}
    for person, line in lines.items():
        accept(klass.database, blobs, quizzed, "math", "sums", person, answers(person, short="git status -s", fix=line))
    home = kept.home(tmp_path / "home")
    with Site(
        klass.database,
        blobs,
        Stack(quizzed, LocalBackend(home), home),
        lambda *_: contextlib.nullcontext(),
        tmp_path / "evidence",
    ) as site:
        for _ in lines:
            lease = klass.lease()
            result, image = site.grade(lease)
            klass.queue.complete(lease, result, image)
    with klass.database.reading() as session:
        found = matrix(session, klass.course)
        asked = roster.assignment(session, klass.course, "sums")
        said = {}
        for who in (klass.ann, klass.bob):
            attempt = work.effective(session, work.the_submission(session, asked, who).id)
            assert attempt is not None
            checks = {check.id: check for check in Result.model_validate_json(attempt.result).checks}
            said[who.name] = (checks["q-short"].status, checks["q-fix"].status, checks["q-fix"].found)
    points = {p.name: (s.points, s.possible) for p in found.people if (s := found.scores.get((p.id, asked.id)))}
    assert points == {"ann": (2, 8), "bob": (1, 8)}
    assert said == {
        "ann": ("passed", "passed", ""),
        "bob": ("passed", "failed", "return 1 / 0; ZeroDivisionError: division by zero"),
    }


def test_a_mended_line_is_run_as_python_and_nothing_else(quizzed: Course, tmp_path: Path) -> None:
    """In the sandbox a kernel runs it, whose `%magics` would call a failed test a success: there they are a syntax error."""
    fix = question("fix")
    assert isinstance(fix, FixQuestion)
    run = runner(LocalBackend(kept.home(tmp_path / "home")), quizzed.environment("small"))
    ran = run(mend.mended(fix, FORGED), fix.test)
    assert (ran.passed, ran.report.partition(" (")[0]) == (False, "SyntaxError: invalid syntax")
    assert run(mend.mended(fix, "return x * 2"), fix.test) == mend.Run(True)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_from_a_terminal(klass: SmallClass, course: Course, tmp_path: Path) -> None:
    """A sheet is shown, its answers are handed in; a quiz or a lab is asked for, not both."""
    admin = Terminal(tmp_path)
    assign = ("assign", "math", "overview")
    for wrong in ((), ("--lab", "04", "--quiz", "00")):
        with pytest.raises(BadInput, match=r"an assignment asks for one thing \(--lab LAB, or --quiz QUIZ\)"):
            admin(*assign, *wrong)
    admin(*assign, "--quiz", "00")
    sheet = json.loads(admin("sheet", "math", "overview", "ann"))
    quiz = course.quiz("00")
    assert (sheet["quiz"], sheet["seed"]) == (quiz.id, seed_of("math", "overview", "ann"))
    assert [question["id"] for question in sheet["questions"]] == [question.id for question in quiz.questions]
    (tmp_path / "a.json").write_text(json.dumps({"schema": 1, "quiz": quiz.id, "seed": sheet["seed"], "answers": {}}))
    submit = ("submit", "math", "overview", "ann", tmp_path / "a.json")
    assert admin(*submit) == "receipt 1: submission 1, job 1\n"
    assert admin("regrade", "math", "overview", "--by", "tess", "--reason", "x") == (
        "1 of 1 submission(s) wait to be graded again; the others are graded on this version already\n"
    )
    with pytest.raises(BadInput, match=r"assignment adding is a lab \(only a quiz has sheets\)"):
        admin("sheet", "math", "adding", "ann")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_milestone_is_handed_in_as_a_lab_is(klass: SmallClass, course: Course, tmp_path: Path) -> None:
    """A bundle of the learner's repository becomes a job for the milestone."""
    milestone = course.milestones()[0]
    admin = Terminal(tmp_path)
    admin("assign", "math", "first", "--lab", milestone.id)
    (tmp_path / "m.zip").write_bytes(bundle(milestone, samples.solution(milestone)[0]))
    assert admin("submit", "math", "first", "ann", tmp_path / "m.zip") == "receipt 1: submission 1, job 1\n"
    with klass.database.reading() as session:
        job, asked = session.get_one(Job, 1), roster.assignment(session, klass.course, "first")
    target = target_of(course, asked)
    assert (asked.kind, asked.content, job.lab, job.lab_version) == ("milestone", milestone.id, milestone.id, target.version)
    assert course.lab(job.lab).id == milestone.id
