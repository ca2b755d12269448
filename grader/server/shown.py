"""What a student sees of a result: hidden checks, their names, messages and points, only after they are revealed."""

from __future__ import annotations

from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook.tables import Assignment
from grader.result import Result


class Shown:
    """Knows the content's hidden checks."""

    def __init__(self, content: Course) -> None:
        self._content = content

    def open_checks(self, asked: Assignment) -> frozenset[str]:
        """Checks that students may know of: those that today's lab declares and does not hide. One that it no longer
        declares may have been hidden, so it is not among them."""
        try:
            lab = self._content.lab(asked.content)
        except BadInput:
            return frozenset()
        return frozenset(check.id for check in lab.spec.checks if not check.hidden)

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
        known = self.open_checks(asked)
        checks = tuple(check for check in result.checks if check.id in known)
        if len(checks) == len(result.checks):
            return result, 0.0
        earned, possible = round(sum(c.earned for c in checks), 2), round(sum(c.possible for c in checks), 2)
        seen = result.model_copy(update={"checks": checks, "earned": earned, "possible": possible, "detail": "", "flags": ()})
        return seen, round(result.possible - possible, 2)
