"""`mlops admin` in this process: the very commands, without the seconds that a new interpreter takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from grader.cli import main
from grader.cli.app import app
from grader.errors import CourseError

__all__ = ["Terminal", "main"]
"""It registers all commands when it is imported."""


@dataclass(frozen=True)
class Terminal:
    """Runs commands with a home of its own."""

    home: Path

    def __call__(self, *words: object) -> str:
        """What the command prints. Raises the CourseError that it ends with."""
        done = CliRunner().invoke(
            app, ["admin", *map(str, words)], env={"MLOPS_HOME": str(self.home), "NO_COLOR": "1", "COLUMNS": "200"}
        )
        if isinstance(done.exception, CourseError):
            raise done.exception
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def make_class(self) -> None:
        """`math`, taught by tess, for ann and bob, who are to hand in lab 04 as `tracking`."""
        self("init")
        self("course", "math", "Mathematics")
        self("enrol", "math", "tess", "--role", "instructor")
        for student in ("ann", "bob"):
            self("enrol", "math", student)
        self("assign", "math", "tracking", "--lab", "04")
