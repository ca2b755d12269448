"""The quick reader of lessons finds what the real one finds, without the seconds that importing Jupyter costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.notebook import source
from grader.quiz import lesson
from grader.quiz.catalogue import Place, taught_in

ROOT = Path(__file__).resolve().parents[3]
LESSONS = sorted(ROOT.glob("modules/*/lessons/*.py"))
TEXT = """\
# ---
# title: x
# ---

# %% [markdown] id="start"
# # One
# text
# ## Two

# %% id="code"
# # a comment, no heading

# %%
# %%writefile x.txt
print("no id")

# %% [markdown] id="end"
# text
# ### `Three`
# ### Four
"""


def test_cells() -> None:
    """Ids, places and headings; what stands before the first cell belongs to none."""
    found = list(lesson.cells(TEXT))
    assert [(cell.id, cell.headings) for cell in found] == [
        ("start", ("One", "Two")),
        ("code", ()),
        ("", ()),
        ("end", ("`Three`", "Four")),
    ]
    assert "".join(TEXT[cell.start : cell.end] for cell in found) == TEXT[TEXT.index("# %%") :]


@pytest.mark.parametrize(("cell", "heading"), [("start", "One"), ("code", "Two"), ("end", "`Three`"), ("none", "")])
def test_heading_of_a_cell(cell: str, heading: str) -> None:
    """Its own first one, else the last above it."""
    assert lesson.heading_of(TEXT, cell) == heading


@pytest.mark.parametrize("file", LESSONS, ids=[f"{file.parts[-3]}-{file.stem}" for file in LESSONS])
def test_agrees_with_the_notebook(file: Path) -> None:
    """For every lesson there is: the cells with ids, in the same order, and as many of them."""
    real = [cell["id"] for cell in source.read(file).cells]
    quick = [cell.id for cell in lesson.cells(file.read_text(encoding="utf-8"))]
    assert [name or f"cell-{number}" for number, name in enumerate(quick, 1)] == real


def test_every_question_is_taught_somewhere(course: Course) -> None:
    """Each question's cell stands in its module's lessons, under a heading."""
    quizzes = [course.quiz(file.stem) for file in sorted(ROOT.glob("quizzes/*.yaml"))]
    places = {q.id: taught_in(course, quiz, q.cell) for quiz in quizzes for q in quiz.questions}
    assert [name for name, place in places.items() if not place.heading] == []
    assert places["04-running-since-tuesday"] == Place(
        "lessons/01-runs-you-can-check.ipynb", "3. The runs that aren't in the table"
    )


def test_asking_imports_no_jupyter(tmp_path: Path) -> None:
    """A quiz starts at once."""
    code = (
        "import sys\nfrom grader.cli.entry import main\nsys.argv = ['mlops', 'quiz', '04']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'jupytext', 'nbformat', 'pandas', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="a\n", capture_output=True, text=True, check=True, env={"MLOPS_HOME": str(tmp_path)}
    )
    assert "Question 2 of 12" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
