"""The program `mlops`: the resident process does what is asked, if there is one; else the command line is imported, which
costs more than many a command, and does it here."""

from __future__ import annotations

import sys

from grader.cli import quick
from grader.cli.home import home


def main() -> None:
    """Run the command line."""
    code = quick.run(home(), sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from grader.cli.main import run_here

    run_here()


if __name__ == "__main__":
    main()
