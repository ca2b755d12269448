"""Finding the course, and its parts by id or number."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab, find_course
from grader.errors import BadInput, ContentError
from grader.tests import small_course


def test_lab_by_id_or_number(small: Course) -> None:
    """A lab is found by its id, its number, and its number without the leading zero."""
    assert [small.lab(name).id for name in (small_course.LAB, "01", "1")] == [small_course.LAB] * 3


def test_module_by_number(small: Course) -> None:
    """A module is found by its number, too."""
    module = small.module("1")
    assert (module.spec.id, module.lesson("01-sums")) == (small_course.LAB, small.root / small_course.LESSON_PY)


UNKNOWN: dict[str, tuple[Callable[[Course], object], str]] = {
    "lab-near": (lambda c: c.lab("01-ading"), "there is no lab '01-ading' (did you mean '01-adding'?)"),
    "lab-far": (lambda c: c.lab("zz"), "there is no lab 'zz' (known: 01-adding)"),
    "lab-number": (lambda c: c.lab("7"), "there is no lab '7' (known: 01-adding)"),
    "lab-above": (lambda c: c.lab("../labs/01-adding"), "there is no lab '../labs/01-adding' (did you mean '01-adding'?)"),
    "lab-planned": (lambda c: c.lab("2"), "lab 02-planned is planned, and not written yet (there are 01-adding)"),
    "module-planned": (
        lambda c: c.module("02-planned"),
        "module 02-planned is planned, and not written yet (there are 01-adding)",
    ),
    "module": (lambda c: c.module("qqq"), "there is no module 'qqq' (known: 01-adding)"),
    "environment": (lambda c: c.environment("smal"), "there is no environment 'smal' (did you mean 'small'?)"),
    "service": (lambda c: c.service("stor"), "there is no service 'stor' (did you mean 'store'?)"),
    "dataset": (lambda c: c.dataset("number"), "there is no dataset 'number' (did you mean 'numbers'?)"),
}


@pytest.mark.parametrize(("look", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_name(small: Course, look: Callable[[Course], object], message: str) -> None:
    """A name that isn't there is refused with the nearest one, or all of them."""
    with pytest.raises(BadInput) as error:
        look(small)
    assert str(error.value) == message


def test_number_that_two_labs_have(small: Course) -> None:
    """A number that fits two labs names neither."""
    shutil.copytree(small.lab("1").folder, small.root / "labs" / "01-other")
    with pytest.raises(BadInput) as error:
        small.lab("1")
    assert str(error.value) == "there is no lab '1' (known: 01-adding, 01-other)"


def test_planned_module_is_no_fault(small: Course) -> None:
    """A module that the course lists but that has no folder yet is planned, not missing."""
    assert [module.spec.id for module in small.modules()] == [small_course.LAB]
    assert small.spec.modules == (small_course.LAB, "02-planned")


def test_broken_lab_is_a_content_error(small: Course) -> None:
    """A lab whose file breaks a rule is told as such, with its path."""
    small_course.edit(small, small_course.LAB_YAML, "points: 60", "points: 61")
    with pytest.raises(ContentError) as error:
        small.labs()
    file = small.root / small_course.LAB_YAML
    assert error.value.problems == [f"{file}:1: the file: points add up to 101, not 100 (change the checks' points)"]


def test_task_of_a_check(small_lab: Lab) -> None:
    """Each check belongs to one task."""
    assert [small_lab.task_of(check.id).id for check in small_lab.spec.checks] == ["add", "mean"]


def test_samples_by_name(small_lab: Lab) -> None:
    """A sample is called as its folder is; samples come in the order of their names."""
    assert [(s.id, s.spec.fails) for s in small_lab.samples()] == [
        ("adds-wrongly", {"adds": 0}),
        ("means-wrongly", {"means": 10}),
    ]


def test_course_is_found_from_below(small: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a course, however deep, that course is the one."""
    monkeypatch.delenv("MLOPS_COURSE", raising=False)
    assert find_course(small.lab("1").folder / "samples") == Course(small.root.resolve())


def test_variable_wins_over_the_folder(small: Course, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """`MLOPS_COURSE` names the course, wherever the command runs."""
    monkeypatch.setenv("MLOPS_COURSE", str(small.root))
    assert find_course(course.root) == small


def test_own_checkout_is_the_last_resort(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside any course the checkout that the grader runs from is used."""
    monkeypatch.delenv("MLOPS_COURSE", raising=False)
    assert find_course(tmp_path) == course


def test_variable_that_names_no_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that leads nowhere is said, not passed over for another course."""
    monkeypatch.setenv("MLOPS_COURSE", str(tmp_path))
    with pytest.raises(BadInput) as error:
        find_course()
    assert str(error.value) == (
        f"no course found in {tmp_path} (run this inside a checkout of the course, or set MLOPS_COURSE to one)"
    )
