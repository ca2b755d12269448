"""Runs a line that a learner mended, in a Python of its own: never in ours, and not for longer than it may."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.result import printable
from grader.spec.quiz import FixQuestion

SECONDS = 20.0
"""Wall time of the code and its test; importing pandas on a busy laptop takes five of it."""
MAX_BYTES = 1_000_000
"""What it may write, to its output or to a file."""
SHOWN_LINES, SHOWN_COLUMNS = 10, 76
NEEDED = {name: value for name, value in os.environ.items() if name == "SYSTEMROOT"}
"""No variables but the one without which Python doesn't start on Windows."""
PROGRAM = Path(__file__).with_name("mended_program.py")


@dataclass(frozen=True)
class Run:
    """How the mended code did in its test; `report` is what helps to see why not."""

    passed: bool
    report: str = ""


Runner = Callable[[str, str], Run]
"""Runs code and then its test. A server that marks other people's lines needs one that does so in a real sandbox."""


def mended(question: FixQuestion, typed: str) -> str:
    """The code with the typed line in place. A line typed without indentation gets the one that stands there, unless the
    mended line has none."""
    lines = question.code.splitlines()
    old, new = lines[question.line - 1], typed.rstrip("\r\n").expandtabs(4)
    if new[:1] != " " and question.fixed[:1] == " ":
        new = old[: len(old) - len(old.lstrip())] + new
    lines[question.line - 1] = new
    return "\n".join(lines) + "\n"


def run(code: str, test: str, seconds: float = SECONDS) -> Run:
    """Run the code and then the test: isolated (`python -I`), in an empty folder, without variables, killed with all that it
    started when time is up. It passes only if the test came to its end: leaving early with code 0 does not.

    This confines mistakes, not malice: it runs as the learner, on the learner's machine, for the learner's own eyes.
    """
    done = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="mlops-quiz-") as folder, (Path(folder) / "output").open("w+b") as output:
        for name, text in {"code": code, "test": test}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", str(PROGRAM), str(MAX_BYTES), done],
            cwd=folder, env=NEEDED, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                process.wait(seconds)
                late = False
            except subprocess.TimeoutExpired:
                late = True
            finally:
                _end(process)
        output.seek(0)
        said = output.read(MAX_BYTES).decode("utf-8", "replace")
    if late:
        return Run(False, f"it was still running after {seconds:g} seconds and was stopped: is there a loop without an end?")
    if said.rstrip().endswith(done):
        return Run(True)
    if len(said) >= MAX_BYTES:
        return Run(False, f"it was stopped: it wrote more than {MAX_BYTES:,} bytes")
    return Run(False, _trimmed(said) or f"it ended with code {process.returncode} before its test was through")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _trimmed(said: str) -> str:
    """The end of what was said: the last lines of a traceback say what happened."""
    lines = printable(said).rstrip().splitlines()
    cut = lines if len(lines) <= SHOWN_LINES else ["…", *lines[-SHOWN_LINES:]]
    return "\n".join(line if len(line) <= SHOWN_COLUMNS else line[: SHOWN_COLUMNS - 1] + "…" for line in cut)
