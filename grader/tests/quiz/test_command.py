"""`mlops quiz` as a person or a program uses it: a terminal, a pipe, a kill in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from grader.course.tree import Course
from grader.learner.record import Record
from grader.quiz.attempt import Attempt, Attempts
from grader.quiz.mark import mark
from grader.spec.quiz import QuizSpec
from grader.tests.path.conftest import HEED, MLOPS, Command
from grader.tests.quiz import typed

NAME = "04-experiment-tracking"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def mlops(tmp_path: Path) -> Command:
    return Command(tmp_path / "home", tmp_path)


@pytest.fixture
def quiz(course: Course) -> QuizSpec:
    return course.quiz(NAME)


def piped(mlops: Command, *arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    """The command with these answers on standard input."""
    command = [*MLOPS, "quiz", *arguments]
    variables = mlops.variables
    return subprocess.run(command, input=lines, capture_output=True, text=True, env=variables, cwd=mlops.work, check=False)


def last(mlops: Command, quiz: QuizSpec) -> Attempt:
    return Attempts(quiz, Record(mlops.home)).all()[-1]


def begun(mlops: Command, quiz: QuizSpec) -> Attempt:
    """An attempt of which only the first question was looked at."""
    assert piped(mlops, "04").returncode == 1
    return last(mlops, quiz)


@pytest.mark.parametrize("name", [file.stem for file in sorted((ROOT / "quizzes").glob("*.yaml"))])
def test_all_right(mlops: Command, course: Course, name: str) -> None:
    """Every answer right, a line each: exit 0, the score shown and recorded, in 80 columns; for every quiz on disk."""
    quiz = course.quiz(name)
    assert piped(mlops, name).returncode == 1
    seed, total = last(mlops, quiz).seed, len(quiz.questions)
    done = piped(mlops, name, lines="".join(f"{typed.right(question, seed)}\n" for question in quiz.questions))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"Score: {total} of {total} answers right, {total} of {total} points"
    assert (done.stdout.count("\n✓ Right\n"), max(map(len, done.stdout.splitlines())) <= 80) == (total, True)
    ended = Record(mlops.home).last("quiz_finished", name)
    assert ended is not None
    assert {key: ended[key] for key in ("score", "possible", "right", "asked")} == {
        "score": float(total), "possible": total, "right": total, "asked": total,
    }  # fmt: skip


def test_json_is_the_verdicts(mlops: Command, quiz: QuizSpec) -> None:
    """An object a line for each answered question, in the quiz's order, and nothing else on standard output; exit 1."""
    attempt = begun(mlops, quiz)
    answers = [(typed.right if number % 2 else typed.wrong)(q, attempt.seed) for number, q in enumerate(quiz.questions[:4])]
    done = piped(mlops, "04", "--json", lines="".join(f"{text}\n" for text in answers))
    about = {"schema": 1, "quiz": NAME, "attempt": attempt.id, "seed": attempt.seed}
    expected: list[dict[str, Any]] = []
    headings = ["4. The AUC that is too good", "6. The run is there, the model isn't", "3. The runs that aren't in the table",
                "5. One blank, six hundred customers"]  # fmt: skip
    for question, text, heading in zip(quiz.questions, answers, headings, strict=False):
        verdict = json.loads(mark(question, attempt.seed, text).model_dump_json())
        read = {"notebook": f"lessons/{question.cell.split('#')[0]}.ipynb", "heading": heading}
        expected.append({**about, **verdict, "read": read})
    assert (done.returncode, [json.loads(line) for line in done.stdout.splitlines()]) == (1, expected)
    assert [one["share"] for one in expected] == [0.0, 1.0, 0.0, 1.0]


def test_bad_input_is_asked_again(mlops: Command, quiz: QuizSpec) -> None:
    """What is no answer is not recorded; the same question takes the next line."""
    done = piped(mlops, "04", lines="zebra\n\n?\na\n")
    assert done.returncode == 1
    assert "> zebra\n! there is no letter 'z' here (a to d). Try again; ? explains.\n" in done.stdout
    assert "> \n! this is no letter (a to d). Try again; ? explains.\n" in done.stdout
    assert "> ?\nThis one takes one letter, such as b.\n" in done.stdout
    assert last(mlops, quiz).answers == {quiz.questions[0].id: "a"}


def test_stop_and_go_on(mlops: Command, quiz: QuizSpec) -> None:
    """q keeps what was answered, skipped questions come last, `--new` begins with another seed."""
    names = [question.id for question in quiz.questions]
    first = piped(mlops, "4", lines="a\ns\nq\n")
    assert first.stdout.endswith(
        f"Stopped; what you answered is kept.\n\n11 still to answer. Go on with: mlops quiz 04\n{score(last(mlops, quiz))}\n"
    )
    attempt = last(mlops, quiz)
    assert attempt.waiting == [*names[2:], names[1]]
    again = piped(mlops, NAME)
    assert "1 of 12 answered before; going on. " in again.stdout
    assert "Question 3 of 12 " in again.stdout
    assert last(mlops, quiz) == attempt
    piped(mlops, "04", "--new")
    assert (last(mlops, quiz).seed != attempt.seed, last(mlops, quiz).waiting) == (True, names)


def score(attempt: Attempt) -> str:
    return f"Score: {attempt.right} of {len(attempt.answers)} answers right, {attempt.earned:g} of 12 points"


def test_kill_in_the_middle(mlops: Command, quiz: QuizSpec) -> None:
    """After `kill -9` the answers given are there and the next call goes on with the same numbers."""
    process = subprocess.Popen(
        [*MLOPS, "quiz", "04"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=mlops.variables, cwd=mlops.work
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("a\na\n")
    process.stdin.flush()
    shown = ""
    while "Question 3 of 12" not in shown:
        shown = process.stdout.readline()
        assert shown, "it ended too early"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    attempt = last(mlops, quiz)
    assert attempt.answers == {question.id: "a" for question in quiz.questions[:2]}
    piped(mlops, "04", lines="a\n")
    assert last(mlops, quiz).answers == {question.id: "a" for question in quiz.questions[:3]}
    assert last(mlops, quiz).seed == attempt.seed


def test_feedback_at_the_end(mlops: Command, quiz: QuizSpec) -> None:
    """With `--feedback end` no answer is judged before the last one is given; then all are."""
    seed = begun(mlops, quiz).seed
    lines = [f"{typed.wrong(question, seed)}\n" for question in quiz.questions]
    early = piped(mlops, "04", "--feedback", "end", lines="".join(lines[:3]))
    assert [why for q in quiz.questions for why in whys(q) if why[:60] in " ".join(early.stdout.split())] == []
    assert early.stdout.count("\nKept.\n") == 3
    late = piped(mlops, "04", "--feedback", "end", lines="".join(lines[3:]))
    assert [q.id for q in quiz.questions if f"✗ Wrong: {q.id}\n" not in late.stdout] == []
    assert (late.returncode, late.stdout.splitlines()[-1]) == (1, "Score: 0 of 12 answers right, 0 of 12 points")


def whys(question: Any) -> list[str]:
    parts = [*getattr(question, "options", ()), *getattr(question, "pairs", ()), question]
    return [part.why for part in parts if hasattr(part, "why")]


def test_list_of_quizzes(mlops: Command, quiz: QuizSpec) -> None:
    """Without a name: each quiz, with how far the last attempt got and the best finished one."""
    assert row(piped(mlops).stdout) == ["12", "not taken", ""]
    seed = begun(mlops, quiz).seed
    piped(mlops, "04", lines="".join(f"{typed.right(question, seed)}\n" for question in quiz.questions))
    assert row(piped(mlops).stdout) == ["12", "12", "12"]
    piped(mlops, "04", lines="a\n")
    assert row(piped(mlops).stdout) == ["12", "1/12 answered", "12"]


def row(table: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(NAME))
    return [cell.strip() for cell in line.split("│")[2:]]


REFUSED = {
    "unknown": (["04-experiment-trackin"], f"mlops: there is no quiz '04-experiment-trackin' (did you mean '{NAME}'?)\n"),
    "feedback": (["04", "--feedback", "never"], "mlops: --feedback takes each or end, not 'never'\n"),
    "json-of-all": (["--json"], "mlops: this needs a quiz (mlops quiz 04)\n"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_usage(mlops: Command, arguments: list[str], message: str) -> None:
    """Exit 2, one message, nothing recorded."""
    done = piped(mlops, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    assert list(Record(mlops.home).events()) == []


def terminal(mlops: Command) -> Any:
    return pexpect.spawn(
        MLOPS[0], ["quiz", "04"], env=mlops.variables, cwd=str(mlops.work), dimensions=(24, 80), encoding="utf-8", timeout=60,
        preexec_fn=HEED,
    )  # fmt: skip


def test_in_a_terminal(mlops: Command, quiz: QuizSpec) -> None:
    """Keyboard only: an answer, Enter after its feedback, help, and Ctrl-C that keeps what was answered."""
    child = terminal(mlops)
    child.expect("Question 1 of 12.*> ")
    child.sendline("a")
    child.expect("Enter for the next question; q stops.\r\n> ")
    child.sendline("")
    child.expect("Question 2 of 12.*> ")
    child.sendline("?")
    child.expect("This one takes one letter, such as b.*> ")
    child.sendintr()
    child.expect("Stopped; what you answered is kept.*11 still to answer. Go on with: mlops quiz 04\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, last(mlops, quiz).answers) == (1, {quiz.questions[0].id: "a"})


def test_a_line_is_edited_in_place(mlops: Command, quiz: QuizSpec) -> None:
    """In a terminal the line to mend stands in the prompt; Enter alone gives it back as it was. Ctrl-D stops."""
    attempt = begun(mlops, quiz)
    fix = next(question for question in quiz.questions if question.type == "fix")
    mine = Attempts(quiz, Record(mlops.home))
    for question in quiz.questions:
        if question is not fix:
            mine.answered(attempt.id, question.id, "a", 0.0)
    child = terminal(mlops)
    child.expect_exact('>     usable = runs[runs["status"] != "FAILED"]')
    child.send("\x15")
    child.send("\x04")
    child.expect("Stopped; what you answered is kept.")
    child.expect(pexpect.EOF)
    child.close()
    child = terminal(mlops)
    child.expect_exact('>     usable = runs[runs["status"] != "FAILED"]')
    child.sendline("")
    child.expect("AssertionError: training")
    child.expect("Score: 0 of 12 answers right")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, last(mlops, quiz).answers[fix.id]) == (1, '    usable = runs[runs["status"] != "FAILED"]')
