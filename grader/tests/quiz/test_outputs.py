"""The output of an `output` question comes from a real run: made again in its lesson, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from grader.course.tree import Course
from grader.errors import ContentError
from grader.grading.grade import Place
from grader.quiz import outputs
from grader.quiz.catalogue import quizzes
from grader.spec.quiz import OutputQuestion
from grader.stack.stack import Stack
from grader.tests.path.conftest import Command, local

LESSON = """\
# ---
# kernelspec: python3
# ---

# %% [markdown] id="title"
# # Seeds

# %% id="draw"
rows = draw(seed=4)
assert rows == 12

# %% id="show"
print(rows)
"""


def question(made: dict[str, object], output: str = "12\n", command: str = "wc -l rows.csv") -> OutputQuestion:
    options = [{"text": name, "why": name, "right": name == "a"} for name in "abc"]
    return OutputQuestion.model_validate(
        {"id": "q", "type": "output", "ask": "What?", "cell": "01-seeds#draw", "command": command, "output": output,
         "options": options, "made": made}
    )  # fmt: skip


def written(asked: OutputQuestion, tmp_path: Path) -> str:
    file = tmp_path / "01-seeds.py"
    file.write_text(LESSON, encoding="utf-8")
    assert asked.made is not None
    return outputs.written(asked, asked.made, file)


def test_the_lesson_runs_up_to_the_cell_then_the_command(tmp_path: Path) -> None:
    """What comes after the cell is not run; the command is a cell of its own."""
    asked = question({"from": "01-seeds#draw", "run": "shell"})
    assert written(asked, tmp_path) == LESSON[: LESSON.index('# %% id="show"')] + (
        '\n# %% id="the-questions-command"\nget_ipython().run_cell_magic("sh", "", \'wc -l rows.csv\')\n'
    )


def test_a_changed_lesson_runs_without_its_asserts(tmp_path: Path) -> None:
    """The change is made in its cell, and a cell before all others takes the asserts out."""
    asked = question({"from": "01-seeds#show", "change": [{"cell": "draw", "old": "seed=4", "new": "seed=0"}]})
    head = LESSON.index("# %% [markdown]")
    assert written(asked, tmp_path) == LESSON[:head] + outputs.NO_ASSERTS + LESSON[head:].replace("seed=4", "seed=0")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"from": "01-seeds#nowhere"}, "there is no cell 'nowhere' (question 'q' names it in `made`)"),
        (
            {"from": "01-seeds#show", "change": [{"cell": "draw", "old": "rows", "new": "x"}]},
            "'rows' stands 2 times in cell 'draw' (question 'q'; it must stand there once)",
        ),
    ],
    ids=["cell", "change"],
)
def test_a_lesson_that_moved_on_is_said(tmp_path: Path, made: dict[str, object], message: str) -> None:
    """A cell that is gone, or a change that no longer fits, is a fault in the quiz that names its place."""
    with pytest.raises(ContentError) as error:
        written(question(made), tmp_path)
    assert str(error.value) == f"{tmp_path / '01-seeds.py'}:1: {message}"


def test_only_what_a_learner_would_read_is_compared() -> None:
    """Standard output and displayed texts, without colours; what went to standard error is not the output."""
    new = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell("x", id="show")
    cell.outputs = [
        new("stream", name="stdout", text="\x1b[1mone\x1b[0m\n"), new("stream", name="stderr", text="warning\n"),
        new("execute_result", data={"text/plain": "two", "text/html": "<b>two</b>"}),
    ]  # fmt: skip
    assert outputs.printed(nbformat.v4.new_notebook(cells=[cell]), "show") == "one\ntwo\n"


CELL, COMMAND = {"from": "01-seeds#show"}, {"from": "01-seeds#show", "run": "shell"}
SAME = {
    "within-a-cell": (CELL, "b\nc\n", "a\nb\nc\nd\n", True),
    "not-in-the-cell": (CELL, "b\nd\n", "a\nb\nc\nd\n", False),
    "part-of-a-line": (CELL, "b", "abc", False),
    "a-command": (COMMAND, "b  \n", "b\n\n", True),
    "more-than-the-command": (COMMAND, "b\n", "b\nc\n", False),
    "an-id-that-varies": (CELL | {"varies": ["[0-9a-f]{8}"]}, "run 0badc0de ok", "run deadbeef ok", True),
    "another-number-beside-it": (CELL | {"varies": ["[0-9a-f]{8}"]}, "run 0badc0de 1", "run deadbeef 2", False),
}


@pytest.mark.parametrize(("made", "claimed", "now", "same"), SAME.values(), ids=SAME)
def test_comparison(made: dict[str, object], claimed: str, now: str, same: bool) -> None:
    """A cell's output contains the question's lines; a command's is them; white space at line ends and what is declared to
    vary count for nothing. Where it differs, both are shown."""
    asked = question(made, claimed)
    assert asked.made is not None
    told = f"q: expected\n{claimed}\nfound\n{now}\n(copy what is found, and look at the options again)"
    assert outputs.differs(asked, asked.made, now) == ("" if same else told)


def test_every_output_question_says_how_its_output_was_made(course: Course) -> None:
    """None was typed by hand."""
    asked = [q for quiz in quizzes(course) for q in quiz.questions if isinstance(q, OutputQuestion)]
    assert [q.id for q in asked if q.made is None] == []


@pytest.fixture(scope="module")
def here(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    stack = Stack(course, local(home), home)
    with stack.use(sorted({service for lab in course.labs() for service in lab.spec.services})) as running:
        yield Place(course, stack.backend, stack, running, home / "evidence")
    Command(home, home)("stop")


@pytest.mark.services
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [file.stem for file in sorted(Path(__file__).parents[3].glob("quizzes/*.yaml"))])
def test_outputs_are_what_the_lessons_print(here: Place, course: Course, name: str) -> None:
    """Each output question's output comes out again; and the same question with another output is found out."""
    quiz = course.quiz(name)
    asked = {q.id: q for q in quiz.questions if isinstance(q, OutputQuestion) and q.made is not None}
    assert {key: found for key, found in outputs.prove(quiz, course.module(quiz.module), here) if found} == {}
    for one in asked.values():
        assert one.made is not None
        edited = one.model_copy(update={"output": f"{one.output.rstrip()}\nand one line more\n"})
        executed = next((here.evidence / "quiz-outputs" / one.id).rglob("notebook.ipynb"))
        now = outputs.printed(nbformat.read(executed, as_version=4), outputs.COMMAND if one.made.run else one.made.cell)
        assert outputs.differs(edited, one.made, now).startswith(f"{one.id}: expected\n")
