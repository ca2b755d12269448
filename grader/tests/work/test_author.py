"""The author's files: answers stand once, and the starter is made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.errors import ContentError
from grader.grading import samples
from grader.grading.inbox import find
from grader.grading.sealed import bundle
from grader.learner.bundle import write
from grader.lint.lint import lint
from grader.tests.small_course import LAB, LAB_YAML
from grader.work import author

SPLIT = '''def split(rows):
    """Two halves."""
    ### BEGIN SOLUTION
    half = len(rows) // 2
    return rows[:half], rows[half:]
    ### END SOLUTION
'''
IGNORED = "### BEGIN SOLUTION\n*.csv\n### END SOLUTION\n"
CONFIG = "seed: 1\n### BEGIN SOLUTION\nrows: 10\n### END SOLUTION\nlast: true\n"
WORK = """\
work:
  files: ["churn/*.py", config.yaml, .gitignore]
  repository: true
  history:
    - {message: Split the rows, files: ["churn/*.py"]}
    - {message: Configure it, files: [config.yaml, .gitignore]}
tasks:
"""


@pytest.fixture
def folder_lab(small: Course) -> Lab:
    """The small lab with files beside its notebook."""
    folder = small.root / "labs" / LAB
    for name, text in {"churn/split.py": SPLIT, ".gitignore": IGNORED, "config.yaml": CONFIG}.items():
        (folder / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "work" / name).write_text(text, encoding="utf-8")
    spec = small.root / LAB_YAML
    spec.write_text(spec.read_text(encoding="utf-8").replace("tasks:\n", WORK), encoding="utf-8")
    return small.lab(LAB)


def test_solution_and_starter(folder_lab: Lab) -> None:
    """The solution is the text without the marks; the starter has a stub in Python, nothing elsewhere, and no file that
    would be all answer."""
    assert {name: content.decode() for name, content in author.solution(folder_lab).items()} == {
        ".gitignore": "*.csv\n",
        "churn/split.py": SPLIT.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
        "config.yaml": "seed: 1\nrows: 10\nlast: true\n",
    }
    assert {name: content.decode() for name, content in author.starter(folder_lab).items()} == {
        "churn/split.py": 'def split(rows):\n    """Two halves."""\n    raise NotImplementedError\n',
        "config.yaml": "seed: 1\nlast: true\n",
    }


def test_lint_finds_nothing_wrong_with_it(small: Course, folder_lab: Lab) -> None:
    """A lab with files that are handed in keeps all rules."""
    assert (lint(small), folder_lab.spec.work is None) == ([], False)


def test_every_way_in_gives_the_same_submission(small: Course, folder_lab: Lab, tmp_path: Path) -> None:
    """The built folder, nbgrader's tree and a bundle seal to the hash that the solution has in `verify`."""
    solution = samples.solution(folder_lab)[0]
    write(small, folder_lab, "solution", tmp_path / "built")
    write(small, folder_lab, "solution", tmp_path / "submitted" / "ada" / LAB)
    (tmp_path / "x.zip").write_bytes(bundle(folder_lab, solution))
    found = [find(folder_lab, tmp_path / name)[0] for name in ("built", "submitted", "x.zip")]
    assert [(s.sha256, s.student, s.tampered) for s in found] == [
        (solution.sha256, None, ""), (solution.sha256, "ada", ""), (solution.sha256, None, ""),
    ]  # fmt: skip
    assert [path for path in solution.files if not path.startswith(".git/")] == [".gitignore", "churn/split.py", "config.yaml"]


def test_built_twice_is_the_same(folder_lab: Lab) -> None:
    """The repository's dates and author are declared: the same hash, so the same drawn inputs, each time."""
    assert samples.solution(folder_lab)[0] == samples.solution(folder_lab)[0]


def test_sample_changes_a_file(small: Course, folder_lab: Lab) -> None:
    """A sample edits, replaces and removes files; what doesn't fit the solution any more is a fault of the content."""
    file = folder_lab.folder / "samples" / "adds-wrongly" / "sample.yaml"
    text = """\
schema: 1
why: It matters.
change: [{file: churn/split.py, old: "// 2", new: "// 3"}]
write: {config.yaml: "seed: 2\\n", .gitignore: null}
fails: {adds: 0}
"""
    file.write_text(text, encoding="utf-8")
    (sample,) = (s for s in folder_lab.samples() if s.id == "adds-wrongly")
    files = samples.wrong(folder_lab, sample)[0].files
    assert {p: c.decode() for p, c in files.items() if not p.startswith(".git/")} == {
        "churn/split.py": author.solution(folder_lab)["churn/split.py"].decode().replace("// 2", "// 3"),
        "config.yaml": "seed: 2\n",
    }
    file.write_text(text.replace("// 2", "// 9"), encoding="utf-8")
    (sample,) = (s for s in folder_lab.samples() if s.id == "adds-wrongly")
    with pytest.raises(ContentError, match=r"`old` stands 0 times in file churn/split.py"):
        samples.wrong(folder_lab, sample)
