"""The author's window on a run: typed answers, refusals, and whose fault a missing answer is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import TypedDict

from grader.backends.protocol import Address
from grader.checks import Fail, Lab, NotRun
from grader.checks.shapes import Ended
from grader.course.tree import Course
from grader.course.tree import Lab as LabFolder
from grader.run.evidence import CellRecord
from grader.services.mlflow_api import MlflowApi
from grader.services.mlflow_questions import MlflowQuestions
from grader.tests.checks.in_process import lab_with


@pytest.fixture
def hand(course: Course, small_lab: LabFolder) -> Callable[..., Lab]:
    """Makes a `Lab` over a notebook with these globals."""
    return lambda **namespace: lab_with(course, small_lab, **namespace)


TYPED: dict[str, tuple[Any, Any, Any]] = {
    "float": (0.5, float, 0.5), "int-for-float": (1, float, 1.0), "int": (5, int, 5), "text": ("a", str, "a"),
    "bool": (True, bool, True), "list": ([1.0, 2], list[float], [1.0, 2.0]), "dict": ({"a": 1}, dict[str, int], {"a": 1}),
    "anything": ([True], None, [True]), "or-none": (None, float | None, None),
}  # fmt: skip


@pytest.mark.parametrize(("value", "returns", "typed"), TYPED.values(), ids=TYPED)
def test_answer_of_the_wanted_type(hand: Callable[..., Lab], value: Any, returns: Any, typed: Any) -> None:
    """An answer of the type asked for comes back as it is, through `value`, `call` and `once` alike."""
    lab = hand(x=value, f=lambda: value)
    answers = [lab.value("x", returns), lab.call("f", returns=returns), lab.once("f", returns=returns)]
    assert [(answer, type(answer)) for answer in answers] == [(typed, type(typed))] * 3


def test_each_question_to_the_students_code_makes_the_services_be_read_anew(hand: Callable[..., Lab]) -> None:
    """Whatever is asked of a kernel, and however it ends, nothing that was read of MLflow before is taken for its state."""
    lab = hand(x=1, f=lambda: 1, broken=lambda: 1 / 0)
    asker = MlflowQuestions(MlflowApi(Address("127.0.0.1", 1), "admin", ""), "run")
    lab._questions = {"mlflow": asker}

    def fails(question: Callable[[], object]) -> None:
        with pytest.raises((Fail, NotRun)):
            question()

    questions: dict[str, Callable[[], object]] = {
        "value": lambda: lab.value("x"), "call": lambda: lab.call("f"), "once": lambda: lab.once("f"),
        "examine": lambda: lab.examine("f"), "try_out": lambda: lab.try_out("f"),
        "raises": lambda: fails(lambda: lab.call("broken")),
        "not there": lambda: fails(lambda: lab.value("y")),
        "refuses": lambda: lab.refuses("broken", error="ZeroDivisionError"),
        "does not refuse": lambda: fails(lambda: lab.refuses("f", error="ValueError")),
    }  # fmt: skip
    left = {}
    for name, question in questions.items():
        asker._read["run", "a"] = None
        question()
        left[name] = len(asker._read)
    asker._read["run", "a"] = None
    lab.once("f")
    left["once more: answered before, no code ran"] = len(asker._read)
    assert left == {**dict.fromkeys(questions, 0), "once more: answered before, no code ran": 1}


class Both(TypedDict):
    """Two numbers."""

    a: int
    b: int


REFUSED: dict[str, tuple[Any, Any, str, str]] = {
    "bool-for-float": (True, float, "float", "True (bool)"),
    "bool-for-int": (True, int, "int", "True (bool)"),
    "int-for-bool": (1, bool, "bool", "1 (int)"),
    "text-for-int": ("5", int, "int", "5 (str)"),
    "text-for-float": ("0.5", float, "float", "0.5 (str)"),
    "float-for-int": (5.0, int, "int", "5 (float)"),
    "int-for-text": (5, str, "str", "5 (int)"),
    "none-for-float": (None, float, "float", "None (NoneType)"),
    "bool-inside-a-list": ([0.5, True], list[float], "list[float]", "[0.5, True] (list)"),
    "text-inside-a-dict": ({"a": "1"}, dict[str, int], "dict[str, int]", "{'a': '1'} (dict)"),
    "a-part-is-missing": ({"a": 1}, Both, "a dict with a, b", "{'a': 1} (dict)"),
    "one-of-a-list-is-none": ([{"a": 1, "b": 2}, 3], list[Both], "list[a dict with a, b]", "[{'a': 1, 'b': 2}, 3] (list)"),
    "no-exit-code": (["1", "x"], Ended, "tuple[int, str]", "['1', 'x'] (list)"),
    "number-too-large-for-a-float": (10**30 * 10**300, float, "float", f"1{'0' * 298}… (int)"),
}


@pytest.mark.parametrize(("value", "returns", "name", "found"), REFUSED.values(), ids=REFUSED)
def test_answer_of_another_type(hand: Callable[..., Lab], value: Any, returns: Any, name: str, found: str) -> None:
    """An answer of another type fails the check with both types; nothing is converted."""
    lab = hand(x=value, f=lambda: value)
    with pytest.raises(Fail) as error:
        lab.value("x", returns)
    assert (error.value.expected, error.value.found) == (f"x gives {name}", found)
    with pytest.raises(Fail) as error:
        lab.call("f", returns=returns)
    assert (error.value.expected, error.value.found) == (f"f(…) gives {name}", found)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_passes_typing_and_no_expectation(hand: Callable[..., Lab], value: float) -> None:
    """NaN is a float by type; every expectation refuses it."""
    lab = hand(x=value)
    found = lab.value("x", float)
    with pytest.raises(Fail):
        lab.expect("x", found).close_to(0.5, within=1e9)
    with pytest.raises(Fail):
        lab.expect("x", found).equals(0.5)


def _raise(error: BaseException) -> Any:
    raise error


MISSING: dict[str, tuple[dict[str, Any], CellRecord | None, tuple[str, str]]] = {
    "undefined": ({}, None, ("the notebook defines no 'add'", "the task's cell defines it")),
    "cell-raised": (
        {}, CellRecord("add", "raised", "NameError: name 'x' is not defined", 3),
        ("cell 'add', line 3 raised NameError: name 'x' is not defined", "the task's cell runs"),
    ),
    "cell-raised-at-no-line": (
        {}, CellRecord("add", "raised", "SyntaxError: invalid syntax"),
        ("cell 'add' raised SyntaxError: invalid syntax", "the task's cell runs"),
    ),
    "another-cell-raised": (
        {}, CellRecord("mean", "raised", "NameError: x", 3), ("the notebook defines no 'add'", "the task's cell defines it"),
    ),
    "not-written": (
        {"add": lambda *_: _raise(NotImplementedError())}, None,
        ("the task is not written yet (NotImplementedError)", "your own code"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("namespace", "cell", "expected"), MISSING.values(), ids=MISSING)
def test_nothing_to_judge(
    course: Course, small_lab: LabFolder, namespace: dict[str, Any], cell: CellRecord | None, expected: tuple[str, str]
) -> None:
    """Code that isn't there, or never ran, is not run: the message leads to the cell."""
    with pytest.raises(NotRun) as error:
        lab_with(course, small_lab, cell=cell, **namespace).call("add", 1, 2)
    assert (error.value.found, error.value.expected) == expected


def test_function_that_raises_fails_the_check(hand: Callable[..., Lab]) -> None:
    """An exception in the student's function is an answer, and a wrong one."""
    with pytest.raises(Fail) as error:
        hand(add=lambda *_: _raise(KeyError("a"))).call("add", 1, 2)
    assert (error.value.expected, error.value.found) == ("an answer from your code", "add raised KeyError: 'a'")


def test_refuses(hand: Callable[..., Lab]) -> None:
    """`refuses` passes on the very exception, and fails on another, on an answer, and on a missing function."""
    lab = hand(right=lambda: _raise(ValueError("x")), other=lambda: _raise(KeyError("x")), answers=lambda: 5)
    lab.refuses("right", error="ValueError")
    found = []
    for name in ("other", "answers", "missing"):
        with pytest.raises(Fail) as error:
            lab.refuses(name, error="ValueError")
        found.append((error.value.expected, error.value.found))
    assert found == [
        ("other raises ValueError", "other raised KeyError: 'x'"),
        ("answers raises ValueError", "it gave 5"),
        ("missing raises ValueError", "the notebook defines no 'missing'"),
    ]


def test_once_asks_once(hand: Callable[..., Lab]) -> None:
    """A question that several checks share is put to the kernel the first time only, for the same arguments."""
    asked: list[int] = []

    def f(n: int) -> int:
        asked.append(n)
        return n

    lab = hand(f=f)
    assert [lab.once("f", 1), lab.once("f", 1), lab.once("f", 2), asked] == [1, 1, 2, [1, 2]]


def test_inputs_are_drawn_by_the_submission(hand: Callable[..., Lab]) -> None:
    """The same submission gets the same inputs in every check that names them."""
    first, again = hand(), hand()
    assert [first.draw("depth", 1, 10**9), first.random.random()] == [again.draw("depth", 1, 10**9), again.random.random()]
    assert first.draw("depth", 1, 10**9) != first.draw("seed", 1, 10**9)


def test_unseen_rows_come_without_their_label(hand: Callable[..., Lab]) -> None:
    """The student's code gets rows without the answer; the answers stay with the grader."""
    rows = hand().unseen("telco-churn", rows=50, label="churn")
    header, *lines = rows.table.text.splitlines()
    assert ("churn" in header.split(","), len(lines), len(rows.labels), set(rows.labels)) == (False, 50, 50, {"Yes", "No"})
