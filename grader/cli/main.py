"""Entry point of `mlops`: runs a command and turns errors into one clear message and the right exit code."""

from __future__ import annotations

import signal
import sys

from grader.cli import authoring, grading, learning, machine
from grader.cli.app import app, say
from grader.errors import CourseError

__all__ = ["authoring", "grading", "learning", "machine", "main"]

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app(standalone_mode=True)
    except CourseError as error:
        say(f"mlops: {error}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # Typer's own code for Ctrl-C
            say("mlops: interrupted; nothing was left running")
        raise
    except OSError as error:
        say(f"mlops: {error.filename or 'this machine'}: {error.strerror} (mend its space or permissions, then try again)")
        sys.exit(3)


if __name__ == "__main__":
    main()
