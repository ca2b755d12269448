"""The `mlops` command: what every subcommand shares. Heavy imports happen inside the commands, so that help is quick."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from grader.cli.home import HOME_VARIABLE, home

if TYPE_CHECKING:
    from rich.console import Console

    from grader.backends.protocol import Backend
    from grader.course.tree import Course
    from grader.stack.stack import Stack

__all__ = ["HOME_VARIABLE", "home"]

app = typer.Typer(
    name="mlops",
    help="An MLOps course that runs: labs checked against live services, and the grader under them.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

BACKENDS = ("local", "docker", "kubernetes")
BackendOption = Annotated[str, typer.Option("--backend", help=" | ".join(BACKENDS))]
PlainOption = Annotated[
    bool, typer.Option("--plain", envvar="MLOPS_PLAIN", help="Sentences in place of tables and marks, for a screen reader.")
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Submissions graded side by side.")]
AllJobs = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Submissions graded side by side; default: one more than cores.")
]


def side_by_side(jobs: int | None) -> int:
    """How many submissions a batch that has the machine for itself grades at once: while one waits for its sandbox to open or
    to end, the cores have another."""
    from joblib import cpu_count  # which knows what a container or a batch system gives this process

    return jobs or cpu_count() + 1


def course() -> Course:
    """The course that this command works on."""
    from grader.course.tree import find_course

    return find_course()


def backend(name: str) -> Backend:
    """A backend by name. Raises BadInput for an unknown one, Unavailable for one that this machine can't run."""
    from grader.errors import BadInput

    made: Backend
    if name == "local":
        from grader.backends.local.backend import LocalBackend

        made = LocalBackend(home())
    elif name == "docker":
        from grader.backends.docker.backend import DockerBackend

        made = DockerBackend()
    elif name == "kubernetes":
        from grader.backends.kubernetes.backend import KubernetesBackend

        made = KubernetesBackend()
    else:
        raise BadInput(f"there is no backend {name!r}", f"known: {', '.join(BACKENDS)}")
    made.probe()
    return made


def stack(name: str) -> Stack:
    """The services of this course on a backend."""
    from grader.stack.stack import Stack

    return Stack(course(), backend(name), home(), say)


def say(text: str) -> None:
    """Progress: to standard error, so that standard output holds the answer alone.

    A file's name, or what a student wrote, may be part of it: no text commands the terminal.
    """
    from grader.result import printable

    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def console() -> Console:
    """Standard output: plain when it is no terminal or NO_COLOR is set. Brackets are brackets: what is shown is code, often."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def leave(code: int) -> NoReturn:
    """End with an exit code of design section 8."""
    raise typer.Exit(code)
