"""The rules that the specs of labs, samples, quizzes and courses hold by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from grader.errors import ContentError
from grader.spec.course import CourseSpec
from grader.spec.lab import CheckSpec
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec
from grader.spec.sample import SampleSpec
from grader.spec.schemas import SPECS, export, schemas

SCHEMAS = Path(__file__).resolve().parents[2] / "spec" / "schemas"
SAMPLE: dict[str, Any] = {
    "schema": 1, "why": "It subtracts.", "change": [{"task": "add", "old": "+", "new": "-"}], "fails": {"adds": 0},
}  # fmt: skip
RIGHT = {"text": "2", "right": True, "why": "It is."}
WRONG = {"text": "3", "why": "It isn't."}
QUESTION = {"id": "q", "ask": "1 + 1?", "cell": "01-sums#sum"}


def refusal(folder: Path, spec: type[BaseModel], values: Any) -> list[str]:
    """What the loader says of a file with these values, after its path and line."""
    file = folder / "x.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(ContentError) as error:
        load(file, spec)
    return [problem.split(": ", 1)[1] for problem in error.value.problems]


def quiz(*questions: dict[str, Any]) -> dict[str, Any]:
    """A quiz of these questions."""
    return {"schema": 1, "id": "x", "title": "X", "module": "01-x", "questions": [{**QUESTION, **q} for q in questions]}


def test_sample_expects_a_finished_run_unless_it_says_otherwise() -> None:
    """A sample's outcome is `finished` by default."""
    assert SampleSpec.model_validate(SAMPLE).model_dump(by_alias=True) == {
        "schema": 1, "why": "It subtracts.", "change": ({"task": "add", "file": None, "old": "+", "new": "-"},),
        "write": {}, "history": None, "outcome": "finished", "fails": {"adds": 0.0},
    }  # fmt: skip


SAMPLE_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no-change": ({"change": []}, "the file: a sample differs from the solution (give it change, write or history)"),
    "change-of-two-places": (
        {"change": [{"task": "add", "file": "add.py", "old": "+", "new": "-"}]},
        "change.0: name either the task whose cell changes, or the file (and not both)",
    ),
    "nothing-to-replace": (
        {"change": [{"task": "add", "old": "", "new": "x"}]},
        "change.0.old: String should have at least 1 character (found '')",
    ),
    "points-below-0": ({"fails": {"adds": -1}}, "fails.adds: Input should be greater than or equal to 0 (found '-1')"),
    "unknown-outcome": (
        {"outcome": "crashed"},
        "outcome: Input should be 'finished', 'student_error', 'timed_out', 'out_of_memory', 'tampered', "
        "'sandbox_failed', 'service_failed' or 'grader_failed' (found 'crashed')",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), SAMPLE_FAULTS.values(), ids=SAMPLE_FAULTS)
def test_sample_that_declares_nothing_useful(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    """A sample changes something and declares a verdict that a grading can give."""
    assert refusal(tmp_path, SampleSpec, {**SAMPLE, **change}) == [expected]


QUIZ_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no-questions": (quiz(), "questions: Tuple should have at least 1 item after validation, not 0 (found '[]')"),
    "question-id-twice": (
        quiz({"type": "short", "accept": ["2"], "why": "x"}, {"type": "short", "accept": ["2"], "why": "x"}),
        "the file: question id used twice: q (give each question an id of its own)",
    ),
    "no-right-option": (
        quiz({"type": "multiple", "options": [WRONG, WRONG, WRONG]}),
        "questions.0.multiple: 0 options are right (a single has one, a multiple at least one)",
    ),
    "two-right-options-of-a-single": (
        quiz({"type": "single", "options": [RIGHT, RIGHT, WRONG]}),
        "questions.0.single: 2 options are right (a single has one, a multiple at least one)",
    ),
    "option-without-a-reason": (
        quiz({"type": "single", "options": [RIGHT, WRONG, {"text": "4"}]}),
        "'questions.0.single.options.2.why' is missing (add it)",
    ),
    "link-without-a-cell": (
        quiz({"type": "short", "accept": ["2"], "why": "x", "cell": "01-sums"}),
        r"questions.0.short.cell: String should match pattern '^[\w-]+#[\w-]+$' (found '01-sums')",
    ),
    "parameter-of-both-kinds": (
        quiz({"type": "short", "accept": ["2"], "why": "x",
              "parameters": {"n": {"low": 1, "high": 2, "step": 1, "choices": [1]}}}),
        "questions.0.short.parameters.n: give either low, high and step, or choices (and not both)",
    ),
    "parameter-with-half-a-range": (
        quiz({"type": "short", "accept": ["2"], "why": "x", "parameters": {"n": {"low": 1, "high": 2}}}),
        "questions.0.short.parameters.n: give either low, high and step, or choices (and not both)",
    ),
    "unknown-type": (
        quiz({"type": "essay"}),
        "questions.0: Input tag 'essay' found using 'type' does not match any of the expected tags: "
        "'single', 'multiple', 'output', 'numeric', 'order', 'match', 'short', 'fix' "
        "(found \"{'ask': '1 + 1?', 'cell': '01-sums#sum', 'id': 'q', 'type': \")",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), QUIZ_FAULTS.values(), ids=QUIZ_FAULTS)
def test_quiz_that_cannot_be_asked(tmp_path: Path, values: dict[str, Any], expected: str) -> None:
    """A question has an answer, a reason for each option, and a link to the cell that teaches it."""
    assert refusal(tmp_path, QuizSpec, values) == [expected]


def test_every_type_of_question_is_read() -> None:
    """Each type of question finds its own shape by `type`."""
    questions: list[dict[str, Any]] = [
        {"type": "single", "options": [RIGHT, WRONG, WRONG]},
        {"type": "multiple", "options": [RIGHT, RIGHT, WRONG]},
        {"type": "output", "command": "ls", "output": "a", "options": [RIGHT, WRONG, WRONG]},
        {"type": "numeric", "answer": "n + 1", "tolerance": 0, "why": "x", "parameters": {"n": {"choices": [1, 2]}}},
        {"type": "order", "items": ["a", "b", "c"], "why": "x"},
        {"type": "match", "pairs": [{"left": x, "right": x, "why": x} for x in "abc"]},
        {"type": "short", "accept": ["2"], "why": "x"},
        {"type": "fix", "code": "1 +", "line": 1, "fixed": "1 + 1", "test": "assert True", "why": "x"},
    ]
    spec = QuizSpec.model_validate(quiz(*({**q, "id": f"q-{n}"} for n, q in enumerate(questions))))
    assert [(q.id, q.type) for q in spec.questions] == [(f"q-{n}", q["type"]) for n, q in enumerate(questions)]


def test_module_stands_in_one_phase_only(tmp_path: Path) -> None:
    """A module that is listed twice is refused: progress would count it twice."""
    phases = [{"title": "A", "modules": ["01-a", "02-b"]}, {"title": "B", "modules": ["01-a"]}]
    assert refusal(tmp_path, CourseSpec, {"schema": 1, "id": "c", "title": "C", "phases": phases}) == [
        "the file: a module is listed twice (remove one of the two)"
    ]


def test_hints_that_fit_what_was_found() -> None:
    """A hint with `when` is shown only when the finding contains that text; the order stays."""
    hints = ["Look.", {"when": "tie", "text": "Who was first?"}, {"when": "NaN", "text": "Is it a number?"}]
    spec = CheckSpec.model_validate({"id": "best", "points": 1, "hints": hints})
    assert spec.hints_for("tie: chose 'later'") == ["Look.", "Who was first?"]


def test_schema_files_are_those_of_the_code() -> None:
    """What an editor checks against is what the loader checks against: `mlops schema` was run after the last change."""
    assert {file.stem: file.read_text(encoding="utf-8") for file in SCHEMAS.glob("*.json")} == schemas()


def test_export_writes_one_schema_for_each_kind(tmp_path: Path) -> None:
    """`export` writes each kind's schema, and each is a closed JSON object that demands `schema`."""
    files = export(tmp_path / "schemas")
    written = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    shapes = {name: (s["type"], s["additionalProperties"], "schema" in s["required"]) for name, s in written.items()}
    assert shapes == dict.fromkeys(SPECS, ("object", False, True))
