"""The small course with a question of each type, and an environment in which mended lines run."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from grader.course.tree import Course
from grader.tests.contract import environment as contract
from grader.tests.quiz.questions import QUIZ

ENVIRONMENT = Path(contract.__path__[0])


def quizzed(small: Course) -> Course:
    """The course, its quiz replaced."""
    text = yaml.safe_dump(QUIZ.model_dump(mode="json", by_alias=True, exclude_unset=True))
    (small.root / "quizzes" / "01-adding.yaml").write_text(text, encoding="utf-8")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ENVIRONMENT / name, small.root / "environments" / "small" / name)
    return small
