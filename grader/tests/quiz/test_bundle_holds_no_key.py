"""What `mlops start` and `mlops build` write holds no quiz: no question, no why, no marked option, no fix."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab
from grader.learner import bundle, workspace
from grader.spec.quiz import (
    ChoiceQuestion,
    FixQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    OutputQuestion,
    Question,
    ShortQuestion,
)

NAMES = [file.stem for file in sorted((Path(__file__).resolve().parents[3] / "quizzes").glob("*.yaml"))]


def keys(asked: Question) -> list[str]:
    """The texts of a question that its quiz file alone may hold; a number or a line of output may well be a lesson's."""
    match asked:
        case ChoiceQuestion() | OutputQuestion():
            parts = [text for option in asked.options for text in (option.text, option.why)]
        case MatchQuestion():
            parts = [text for pair in asked.pairs for text in (pair.left, pair.right, pair.why)]
        case OrderQuestion():
            parts = [*asked.items, asked.why]
        case NumericQuestion():
            parts = [asked.why, *([asked.answer] if isinstance(asked.answer, str) else [])]
        case ShortQuestion():
            parts = [asked.why]
        case FixQuestion():
            parts = [asked.why, asked.fixed, asked.test]
    return [asked.id, asked.ask, *parts]


def squeezed(text: str) -> str:
    """Without what line breaks and a notebook's JSON do to a text."""
    return re.sub(r"[\s\"'\\]+", " ", text).strip()


def written(folder: Path) -> dict[str, str]:
    """Every file below the folder, notebooks by the sources of their cells, squeezed."""
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = file.read_bytes().decode("utf-8", "replace")
        if file.suffix == ".ipynb":
            text += "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        found[file.relative_to(folder).as_posix()] = squeezed(text)
    return found


@pytest.fixture(scope="module")
def everything(course: Course, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """For each lab: what `start` puts into the working folder (.git left out), and what `build` writes."""
    root = tmp_path_factory.mktemp("written")
    for lab in course.labs():
        workspace.create(course, lab, root / lab.id / "start", {"tracking_uri": "http://localhost"})
        for kind in ("starter", "solution"):
            bundle.write(course, lab, kind, root / lab.id / kind)
    return {lab.id: {k: v for k, v in written(root / lab.id).items() if "/.git/" not in k} for lab in course.labs()}


def test_something_is_searched(everything: dict[str, dict[str, str]], lab04: Lab) -> None:
    """The notebook, its solution and both lessons of a module are among what was written."""
    notebook = f"{lab04.id}.ipynb"
    names = {f"start/{notebook}", f"starter/{notebook}", f"solution/{notebook}", "start/lessons/02-compare-and-repeat.ipynb"}
    assert names - set(everything[lab04.id]) == set()
    assert squeezed("## 4. Same name, other rows") in everything[lab04.id]["start/lessons/02-compare-and-repeat.ipynb"]


@pytest.mark.parametrize("name", NAMES)
def test_no_key_is_written(course: Course, everything: dict[str, dict[str, str]], name: str) -> None:
    """For every question of every quiz, in the files of every lab."""
    told = [
        (asked.id, file, key)
        for asked in course.quiz(name).questions
        for files in everything.values()
        for file, text in files.items()
        for key in keys(asked)
        if squeezed(key) in text
    ]
    assert told == []


def test_no_list_of_accepted_forms_is_written(course: Course, everything: dict[str, dict[str, str]]) -> None:
    """A short answer's word is taught in a lesson, so it stands there; the list of accepted forms stands nowhere."""
    for name in NAMES:
        for asked in course.quiz(name).questions:
            if isinstance(asked, ShortQuestion):
                listed = squeezed(", ".join(asked.accept))
                assert [f for files in everything.values() for f, text in files.items() if listed in text] == []
