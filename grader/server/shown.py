"""What a student sees of a result: hidden checks, their names, messages and points, only after they are revealed; of a quiz
each question, and what is right only when they can't answer again."""

from __future__ import annotations

from collections.abc import Callable

from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook import work
from grader.gradebook.tables import Assignment
from grader.result import Result

Sees = Callable[[str], bool]
"""Whether one may know of a check."""


class Shown:
    """Knows the content's hidden checks."""

    def __init__(self, content: Course) -> None:
        self._content = content

    def sees(self, asked: Assignment, revealed: bool) -> Sees:
        """Which checks students may know of: those that today's lab declares and does not hide. One that it no longer
        declares may have been hidden, so it is not among them. A quiz hides no question."""
        if revealed or asked.kind == "quiz":
            return lambda _: True
        try:
            lab = self._content.lab(asked.content)
        except BadInput:
            return lambda _: False
        return frozenset(check.id for check in lab.spec.checks if not check.hidden).__contains__

    def holds_back(self, asked: Assignment, revealed: bool) -> bool:
        """Whether a score of the assignment would tell of hidden checks."""
        if revealed or asked.kind not in ("lab", "milestone"):
            return False
        try:
            return any(check.hidden for check in self._content.lab(asked.content).spec.checks)
        except BadInput:
            return True

    def to_student(self, asked: Assignment, result: Result, revealed: bool) -> tuple[Result, float]:
        """The result as its student may see it, and the points of what is held back."""
        if revealed:
            return result, 0.0
        if asked.kind == "quiz":
            return result if work.one_try(asked) else _untold(result), 0.0
        sees = self.sees(asked, revealed)
        checks = tuple(check for check in result.checks if sees(check.id))
        if len(checks) == len(result.checks):
            return result, 0.0
        earned, possible = round(sum(c.earned for c in checks), 2), round(sum(c.possible for c in checks), 2)
        seen = result.model_copy(update={"checks": checks, "earned": earned, "possible": possible, "detail": "", "flags": ()})
        return seen, round(result.possible - possible, 2)


def _untold(result: Result) -> Result:
    """A quiz's result without what would have been right, which it has when it was graded while one answer was all."""
    return result.model_copy(update={"checks": tuple(check.model_copy(update={"expected": ""}) for check in result.checks)})
