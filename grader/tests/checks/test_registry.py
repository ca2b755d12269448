"""The checks of a lab: one function for each check of lab.yaml, each with the sentence that it states."""

from __future__ import annotations

import sys

import pytest

from grader.checks import registry
from grader.course.tree import Course, Lab
from grader.errors import ContentError
from grader.tests.small_course import CHECKS_PY, LAB_YAML, edit


def test_checks_by_id(small_lab: Lab) -> None:
    """Each check has its statement on one line and the line of its function."""
    found = {name: (c.id, c.statement, c.function.__name__, c.line) for name, c in registry.load(small_lab).items()}
    assert found == {
        "adds": ("adds", "`add` gives the sum of two numbers.", "it_adds", 4),
        "means": ("means", "`mean` gives the mean.", "it_finds_the_mean", 11),
    }


def test_loading_leaves_no_module_behind(small_lab: Lab) -> None:
    """Labs' check files never meet each other in sys.modules."""
    before = set(sys.modules)
    registry.load(small_lab)
    assert set(sys.modules) == before


def test_checks_may_stand_on_a_file_beside_them(small_lab: Lab) -> None:
    """What `checks_*.py` defines is there for them, two labs' files of one name don't meet, and no module is left behind."""
    before = set(sys.modules)
    (small_lab.folder / "checks_sums.py").write_text("WANTED = 4\n")
    text = small_lab.checks.read_text().replace("\n\n\n@check", "\nfrom .checks_sums import WANTED\n\n\n@check", 1)
    small_lab.checks.write_text(text)
    module = registry.load(small_lab)["adds"].function.__globals__
    assert (module["WANTED"], set(sys.modules) - before) == (4, set())


MORE = '''    pass


@check("{}")
def more(lab: Lab) -> None:
    """More."""
    lab.expect("mean"'''
FAULTS = {
    "function-missing": (
        '@check("means")\n', "", "checks.py:1: no function for check 'means' of lab.yaml (write it)",
    ),
    "function-for-no-check": (
        '    lab.expect("mean"', MORE.format("more"),
        "checks.py:17: check 'more' is not in lab.yaml (give it a task and points there)",
    ),
    "two-functions": (
        '    lab.expect("mean"', MORE.format("adds"),
        "checks.py:17: check 'adds' has two functions (keep one)",
    ),
    "docstring-missing": (
        '    """`mean` gives the mean."""\n', "",
        "checks.py:11: check 'means' has no docstring (state there what must hold, for the learner)",
    ),
    "docstring-empty": (
        '"""`mean` gives the mean."""', '"""   """',
        "checks.py:11: check 'means' has no docstring (state there what must hold, for the learner)",
    ),
    "syntax-error": (
        "def it_finds_the_mean(lab: Lab) -> None:", "def it_finds_the_mean(lab: Lab) -> None",
        "checks.py:12: can't be imported: SyntaxError: expected ':' (checks.py, line 12) (mend it)",
    ),
    "import-error": (
        "from grader.checks import Lab, check\n", "from grader.checks import Lab, check\nimport not_there\n",
        "checks.py:2: can't be imported: ModuleNotFoundError: No module named 'not_there' (mend it)",
    ),
    "error-in-a-call": (
        "from grader.checks import Lab, check\n",
        "import json\n\nfrom grader.checks import Lab, check\n\nX = json.loads('{')\n",
        "checks.py:5: can't be imported: JSONDecodeError: "
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (mend it)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_checks_that_do_not_fit(small: Course, small_lab: Lab, old: str, new: str, message: str) -> None:
    """A check file that differs from lab.yaml, or can't be read, is refused with the line of the fault."""
    edit(small, CHECKS_PY, old, new)
    with pytest.raises(ContentError) as error:
        registry.load(small_lab)
    assert error.value.problems == [f"{small_lab.folder}/{message}"]


def test_missing_file(small_lab: Lab) -> None:
    """A lab without checks is refused."""
    small_lab.checks.unlink()
    with pytest.raises(ContentError) as error:
        registry.load(small_lab)
    assert error.value.problems == [f"{small_lab.checks}:1: this file is missing (create it)"]


def test_every_fault_is_told_at_once(small: Course) -> None:
    """A renamed check is told from both ends."""
    edit(small, LAB_YAML, "id: means", "id: averages")
    lab = small.lab("1")
    with pytest.raises(ContentError) as error:
        registry.load(lab)
    assert error.value.problems == [
        f"{lab.checks}:11: check 'means' is not in lab.yaml (give it a task and points there)",
        f"{lab.checks}:1: no function for check 'averages' of lab.yaml (write it)",
    ]


def test_checks_of_the_real_labs(course: Course) -> None:
    """Every lab of the course has its checks, in full."""
    for lab in course.labs():
        assert set(registry.load(lab)) == {check.id for check in lab.spec.checks}
