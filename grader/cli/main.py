"""The command line: runs a command and turns errors into one clear message and the right exit code."""

from __future__ import annotations

import errno
import importlib.metadata
import platform
import shutil
import signal
import sys
from typing import Annotated

import typer

from grader.cli import tour, learning, watching, quizzing, drilling, capstone  # isort: skip  # the order of the help
from grader.cli import journey, servers, install, machine, grading, working, admin, authoring  # isort: skip
from grader.cli import exchanging, handing_in, hooks, marking, operating, publishing, regrading, serving
from grader.cli.app import HOME_VARIABLE, app, home, say
from grader.errors import CourseError

__all__ = [
    "admin", "authoring", "capstone", "drilling", "exchanging", "grading", "handing_in", "hooks", "install", "journey",
    "learning", "machine", "marking", "operating", "publishing", "quizzing", "regrading", "servers", "serving", "tour",
    "watching", "working",
]  # fmt: skip

INTERRUPTED = 130

USAGE = 2
FULL_DISK = "No space left on device"


VERSION = Annotated[bool, typer.Option("--version", is_eager=True, help="Say which version this is.")]


@app.callback()
def alone(context: typer.Context, version: VERSION = False) -> None:
    """An MLOps course that runs: labs checked against live services, and the grader under them."""
    if version:
        mine = importlib.metadata.version("mlops-course")
        typer.echo(f"mlops-course {mine}, Python {platform.python_version()}, {sys.prefix}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        journey.where()


def run_here() -> None:
    """Run the command line in this process."""
    lighten()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app(standalone_mode=True, prog_name="mlops")
    except CourseError as error:
        full = FULL_DISK in str(error)
        say(f"mlops: {_full_disk()}" if full else f"mlops: {error}")
        sys.exit(USAGE if full else error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # Typer's own code for Ctrl-C
            say("mlops: interrupted; nothing was left running")
        raise
    except OSError as error:
        say(f"mlops: {_full_disk()}" if error.errno == errno.ENOSPC else f"mlops: {error.filename}: {error.strerror}")
        sys.exit(USAGE)


def lighten() -> None:
    """Leave out what only slows a command down: jsonschema, which nbformat imports, would build a grammar of IRIs, a second
    each time, for a format that no schema of a notebook has."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _full_disk() -> str:
    place = home()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**20
    return f"the disk is full: {free:.0f} MiB left for {home()} (free some space, or set {HOME_VARIABLE} to a folder elsewhere)"
