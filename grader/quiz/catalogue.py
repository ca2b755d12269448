"""The quizzes on disk, and where a question's answer is taught."""

from __future__ import annotations

from dataclasses import dataclass

from grader.course.tree import Course
from grader.quiz.lesson import heading_of
from grader.spec.loader import load
from grader.spec.quiz import QuizSpec


@dataclass(frozen=True)
class Place:
    """Where to read again: the notebook in the learner's folder, and the heading of the cell."""

    notebook: str
    heading: str

    def __str__(self) -> str:
        return f"{self.notebook}, “{self.heading}”"


def quizzes(course: Course) -> list[QuizSpec]:
    """All quizzes, by id."""
    return [load(file, QuizSpec) for file in sorted((course.root / "quizzes").glob("*.yaml"))]


def taught_in(course: Course, quiz: QuizSpec, cell: str) -> Place:
    """The notebook and the last heading at or above the lesson cell `<lesson>#<cell id>`."""
    lesson, _, wanted = cell.partition("#")
    text = course.module(quiz.module).lesson(lesson).read_text(encoding="utf-8")
    return Place(f"lessons/{lesson}.ipynb", heading_of(text, wanted).replace("`", ""))
