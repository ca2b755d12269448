"""Each rule of the content tree, broken once in a small made-up course; and the real course, which breaks none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.lint.lint import lint
from grader.tests import small_course as at
from grader.tests.conftest import ROOT
from grader.tests.small_course import LAB, edit

NO_SAMPLE = "no sample fails check 'adds' alone (make one: what only others notice is no check)"


def test_clean_course(small: Course) -> None:
    """A course that breaks no rule gives no line."""
    assert lint(small) == []


def test_real_course(course: Course) -> None:
    """The course of this checkout breaks no rule."""
    assert lint(course) == []


BREACHES: dict[str, tuple[str, str, str, list[str]]] = {
    "lab-id": (
        at.LAB_YAML, f"id: {LAB}\ntitle", "id: 01-other\ntitle",
        [f"{at.LAB_YAML}:2: id '01-other' differs from its place '01-adding' (rename one)"],
    ),
    "module-id": (
        at.MODULE_YAML, f"id: {LAB}\ntitle", "id: 01-other\ntitle",
        [f"{at.MODULE_YAML}:2: id '01-other' differs from its place '01-adding' (rename one)"],
    ),
    "quiz-id": (
        at.QUIZ_YAML, f"id: {LAB}\ntitle", "id: 01-other\ntitle",
        [f"{at.QUIZ_YAML}:2: id '01-other' differs from its place '01-adding' (rename one)"],
    ),
    "environment-id": (
        at.ENVIRONMENT_YAML, "id: small", "id: other",
        [f"{at.ENVIRONMENT_YAML}:2: id 'other' differs from its place 'small' (rename one)"],
    ),
    "dataset-id": (
        at.DATASET_YAML, "id: numbers", "id: other",
        [f"{at.DATASET_YAML}:2: id 'other' differs from its place 'numbers' (rename one)"],
    ),
    "service-id": (
        at.SERVICE_YAML, "id: store", "id: other",
        [f"{at.SERVICE_YAML}:2: id 'other' differs from its place 'store' (rename one)"],
    ),
    "module-not-in-the-course": (
        "modules/course.yaml", f"[{LAB}, 02-planned]", "[02-planned]",
        [f"{at.MODULE_YAML}:1: module is not in modules/course.yaml (list it under a phase)"],
    ),
    "lab-of-no-module": (
        at.LAB_YAML, f"module: {LAB}", "module: 01-ading",
        [f"{at.LAB_YAML}:4: there is no module '01-ading' (did you mean '01-adding'?)"],
    ),
    "lab-with-no-environment": (
        at.LAB_YAML, "environment: small", "environment: smal",
        [f"{at.LAB_YAML}:7: there is no environment 'smal' (did you mean 'small'?)"],
    ),
    "lab-with-no-service": (
        at.LAB_YAML, "services: [store]", "services: [stor]",
        [f"{at.LAB_YAML}:8: there is no service 'stor' (did you mean 'store'?)"],
    ),
    "lab-with-no-dataset": (
        at.LAB_YAML, "dataset: numbers", "dataset: number",
        [f"{at.LAB_YAML}:9: there is no dataset 'number' (did you mean 'numbers'?)"],
    ),
    "module-with-no-lab": (
        at.MODULE_YAML, f"lab: {LAB}", "lab: 01-ading",
        [f"{at.MODULE_YAML}:10: there is no lab '01-ading' (did you mean '01-adding'?)"],
    ),
    "module-with-no-service": (
        at.MODULE_YAML, "services: [store]", "services: [stor]",
        [f"{at.MODULE_YAML}:6: there is no service 'stor' (did you mean 'store'?)"],
    ),
    "service-with-no-environment": (
        at.SERVICE_YAML, "environment: small", "environment: smal",
        [f"{at.SERVICE_YAML}:4: there is no environment 'smal' (did you mean 'small'?)"],
    ),
    "service-needs-no-service": (
        at.SERVICE_YAML, "endpoint: http", "endpoint: http\nneeds: [stor]",
        [f"{at.SERVICE_YAML}:7: there is no service 'stor' (did you mean 'store'?)"],
    ),
    "task-without-a-cell": (
        at.LAB_PY, '# %% task="add"', '# %% id="plain"',
        [
            f'{at.LAB_PY}:1: no cell for task \'add\' (mark one with `# %% task="add"`)',
            f"{at.ADD_SAMPLE}:1: `old` stands 0 times in cell 'add' (make it match the solution exactly once)",
        ],
    ),
    "task-without-a-text": (
        at.LAB_PY, ' describes="add"', "",
        [f"{at.LAB_PY}:1: no text for task 'add' (mark its markdown cell with `describes=\"add\"`)"],
    ),
    "cell-of-an-unknown-task": (
        at.LAB_PY, '# %% id="show"\n', '# %% task="show"\n### BEGIN SOLUTION\n### END SOLUTION\n',
        [f"{at.LAB_PY}:29: cell for unknown task 'show' (declare it in lab.yaml)"],
    ),
    "text-of-an-unknown-task": (
        at.LAB_PY, '# %% [markdown] id="intro"', '# %% [markdown] id="intro" describes="extra"',
        [f"{at.LAB_PY}:1: text for unknown task 'extra' (declare it in lab.yaml)"],
    ),
    "no-solution-region": (
        at.LAB_PY, "    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION\n", "    return a + b\n",
        [f"{at.LAB_PY}:10: cell 'add' needs a solution region (`### BEGIN SOLUTION` … `### END SOLUTION`)"],
    ),
    "solution-region-left-open": (
        at.LAB_PY, "    return a + b\n    ### END SOLUTION\n", "    return a + b\n",
        [f"{at.LAB_PY}:10: cell 'add' needs a solution region (`### BEGIN SOLUTION` … `### END SOLUTION`)"],
    ),
    "two-hints": (
        at.LAB_YAML, '[Divide., "What by what?", ', "[Divide., ",
        [f"{at.LAB_YAML}:21: check 'means' has 2 hints beyond what it says itself (write 3 tiers after the first)"],
    ),
    "a-hint-that-repeats": (
        at.LAB_YAML, "[Divide., ", '["Divide the total of all numbers.", "What is the total of numbers?", ',
        [f"{at.LAB_YAML}:21: check 'means': the first hint repeats 'Divide the total of all numbers.' "
         "(say something that the check has not said yet)"],
    ),
    "a-hint-that-repeats-what-is-said-of-a-finding": (
        at.LAB_YAML, "[Divide., ", '[{when: nan, text: "Which number is missing?"}, Divide., "Is a number missing?", ',
        [f"{at.LAB_YAML}:21: check 'means': the first hint repeats 'Which number is missing?' "
         "(say something that the check has not said yet)"],
    ),
    "check-without-a-docstring": (
        at.CHECKS_PY, '    """`mean` gives the mean."""\n', "",
        [f"{at.CHECKS_PY}:11: check 'means' has no docstring (state there what must hold, for the learner)"],
    ),
    "sample-of-an-unknown-check": (
        at.ADD_SAMPLE, "{adds: 0}", "{adds: 0, subtracts: 0}",
        [f"{at.LAB_YAML}:15: {NO_SAMPLE}", f"{at.ADD_SAMPLE}:5: no check is called 'subtracts' (see lab.yaml)"],
    ),
    "sample-that-fails-nothing": (
        at.ADD_SAMPLE, "{adds: 0}", "{adds: 60}",
        [f"{at.ADD_SAMPLE}:5: 'adds' earns full marks there (declare fewer, or leave it out)"],
    ),
    "check-that-nothing-kills": (at.ADD_SAMPLE, "{adds: 0}", "{means: 0}", [f"{at.LAB_YAML}:15: {NO_SAMPLE}"]),
    "sample-that-no-longer-fits": (
        at.ADD_SAMPLE, "old: a + b", "old: a * b",
        [f"{at.ADD_SAMPLE}:1: `old` stands 0 times in cell 'add' (make it match the solution exactly once)"],
    ),
    "lesson-missing": (
        at.MODULE_YAML, "[01-sums]", "[01-sums, 02-more]",
        [f"modules/{LAB}/lessons/02-more.py:1: this file is missing (create it)"],
    ),
    "quiz-missing": (
        at.MODULE_YAML, f"quiz: {LAB}", "quiz: 02-more", ["quizzes/02-more.yaml:1: this file is missing (create it)"],
    ),
    "quiz-link": (
        at.QUIZ_YAML, "01-sums#sum", "01-sums#product",
        [f"{at.QUIZ_YAML}:6: question 'q-sum' links to no lesson cell '01-sums#product' (mend the link)"],
    ),
    "link-in-a-page": (
        "README.md", "/lab.yaml", "/lab.yml", [f"README.md:1: link to 'labs/{LAB}/lab.yml' leads nowhere (mend or remove it)"],
    ),
    "link-in-a-lesson": (
        at.LESSON_PY, "README.md", "READ.md",
        [f"{at.LESSON_PY}:2: link to '../../../READ.md' leads nowhere (mend or remove it)"],
    ),
    "points": (
        at.LAB_YAML, "points: 60", "points: 59",
        [f"{at.LAB_YAML}:1: the file: points add up to 99, not 100 (change the checks' points)"],
    ),
    "broken-course-file": (
        "modules/course.yaml", "title: A small course", "titel: A small course",
        ["modules/course.yaml:1: 'title' is missing (add it)",
         "modules/course.yaml:3: unknown key 'titel' (did you mean 'title'?)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), BREACHES.values(), ids=BREACHES)
def test_breach(small: Course, file: str, old: str, new: str, expected: list[str]) -> None:
    """A rule that is broken once is told once, with path, line and fix; nothing else is told."""
    edit(small, file, old, new)
    assert lint(small) == expected


EXTRA: dict[str, tuple[str, str]] = {
    "unused-file": (
        f"labs/{LAB}/notes.txt",
        f"labs/{LAB}/notes.txt:1: nothing uses this file (remove it, or name it in lab.yaml)",
    ),
    "unused-part-of-the-checks": (
        f"labs/{LAB}/checks_more.py",
        f"labs/{LAB}/checks_more.py:1: nothing uses this file (remove it, or name it in lab.yaml)",
    ),
    "unused-sample-file": (
        f"labs/{LAB}/samples/adds-wrongly/x.py",
        f"labs/{LAB}/samples/adds-wrongly/x.py:1: nothing uses this file (remove it, or name it in lab.yaml)",
    ),
    "lesson-not-listed": (
        f"modules/{LAB}/lessons/02-more.py",
        f"modules/{LAB}/lessons/02-more.py:1: this lesson is not in module.yaml (list it under lessons)",
    ),
}


@pytest.mark.parametrize(("file", "expected"), EXTRA.values(), ids=EXTRA)
def test_file_that_nothing_uses(small: Course, file: str, expected: str) -> None:
    """A file that no other file names is told: it would rot unseen."""
    (small.root / file).write_text("", encoding="utf-8")
    assert lint(small) == [expected]


def test_a_drill_is_read_like_everything_else(small: Course) -> None:
    """An id that isn't its place, an environment that isn't there, a file that nothing uses."""
    place = small.root / "labs" / "drills" / "lock"
    shutil.copytree(ROOT / "labs" / "drills" / "dvc-lock-conflict", place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "notes.txt").touch()
    found = [problem.split(" (")[0] for problem in lint(small)]
    assert found == [
        "labs/drills/lock/drill.yaml:3: id 'dvc-lock-conflict' differs from its place 'lock'",
        "labs/drills/lock/drill.yaml:7: there is no environment 'data'",
        "labs/drills/lock/notes.txt:1: nothing uses this file",
    ]


def test_bytecode_is_no_file_of_the_lab(small: Course) -> None:
    """What Python leaves beside a check file is not the author's."""
    cache = small.lab("1").folder / "__pycache__"
    cache.mkdir()
    (cache / "checks.cpython-311.pyc").write_bytes(b"")
    assert lint(small) == []


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_environment_without_a_lock(small: Course, name: str) -> None:
    """An environment that isn't locked would be another one tomorrow."""
    (small.root / "environments" / "small" / name).unlink()
    assert lint(small) == [f"{at.ENVIRONMENT_YAML}:1: {name} is missing beside it (uv lock --project small)"]


@pytest.mark.parametrize("name", [at.CHECKS_PY, at.LAB_PY, "modules/course.yaml"])
def test_file_that_is_missing(small: Course, name: str) -> None:
    """A file that isn't there is told once, however many rules ask for it."""
    (small.root / name).unlink()
    assert lint(small) == [f"{name}:1: this file is missing (create it)"]


def test_paths_are_relative_to_the_course(small: Course, tmp_path: Path) -> None:
    """Lines can be clicked: paths start at the course's root."""
    edit(small, at.LAB_YAML, "points: 60", "points: 59")
    assert [line for line in lint(small) if str(tmp_path) in line] == []
