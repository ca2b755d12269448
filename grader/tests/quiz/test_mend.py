"""A mended line runs in a Python of its own, for a limited time, with little in reach; and passes only by its test."""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path

import psutil
import pytest

from grader.quiz import mend
from grader.quiz.mark import mark
from grader.spec.quiz import FixQuestion
from grader.tests.quiz.questions import question

QUIZ_FILE = Path(__file__).resolve().parents[3] / "quizzes" / "04-experiment-tracking.yaml"
SHORT = functools.partial(mend.run, seconds=3.0)


def run(line: str, runner: mend.Runner = mend.run) -> mend.Run:
    asked = question("fix")
    assert isinstance(asked, FixQuestion)
    return runner(mend.mended(asked, line), asked.test)


@pytest.mark.parametrize(
    "line", ["    return x * 2", "return x * 2", "return x + x  # twice", "\treturn 2 * x", "    return x*2  "]
)
def test_any_line_that_works_passes(line: str) -> None:
    """It need not be the author's; indentation that was left out is put in."""
    assert run(line) == mend.Run(True)


def test_an_unindented_fix_is_taken_as_typed() -> None:
    """Where the mended line has no indentation, leaving it out is the point."""
    asked = question("fix").model_copy(update={"fixed": "y = 1"})
    assert isinstance(asked, FixQuestion)
    assert mend.mended(asked, "y = 1") == "def double(x):\ny = 1\n"


REPORTS = {
    "wrong": (
        "    return x + 1",
        'Traceback (most recent call last):\n  File "the test", line 1, in <module>\n    assert double(3) == 6, double(3)\n'
        "           ^^^^^^^^^^^^^^\nAssertionError: 4",
    ),
    "no-python": ("return x *", '  File "the code", line 2\n    return x *\n              ^\nSyntaxError: invalid syntax'),
    "ends-with-0": ("    raise SystemExit(0)", "it ended with code 0 before its test was through"),
    "ends-at-once": ("    import os; os._exit(0)", "it ended with code 0 before its test was through"),
    "endless": (
        "    while True: pass",
        "it was still running after 3 seconds and was stopped: is there a loop without an end?",
    ),
    "endless-output": ("    while True: print('x' * 999)", "it was stopped: it wrote more than 1,000,000 bytes"),
}


@pytest.mark.parametrize(("line", "report"), REPORTS.values(), ids=REPORTS)
def test_report_is_what_helps(line: str, report: str) -> None:
    """The lines of the code and its test that led there, and what happened; nothing of ours."""
    assert run(line, SHORT) == mend.Run(False, report)


REFUSED = {
    "the-keys": (f"    return open({str(QUIZ_FILE)!r}).read()", "PermissionError: a mended line may not open /"),
    "the-keys-by-descriptor": (
        f"    import os; return os.open({str(QUIZ_FILE)!r}, os.O_RDONLY)",
        "PermissionError: a mended line may not open /",
    ),
    "the-keys-from-here": ("    return open('quizzes/04-experiment-tracking.yaml').read()", "FileNotFoundError: "),
    "our-code": ("    import grader.quiz.mark", "PermissionError: a mended line may not open /"),
    "another-file": ("    open('/tmp/left-by-a-line', 'w')", "PermissionError: a mended line may not open /tmp/left-by-a-line"),
    "python's-own": ("    import os; open(os.__file__, 'a')", "PermissionError: a mended line may not open /"),
    "a-process": (
        "    import subprocess; subprocess.run(['ls'])",
        "PermissionError: a mended line may not use subprocess.Popen",
    ),
    "a-network": (
        "    import socket; socket.create_connection(('127.0.0.1', 9))",
        "PermissionError: a mended line may not use socket.connect",
    ),
    "a-variable": ("    import os; return os.environ['PATH']", "KeyError: 'PATH'"),
    "the-memory": ("    return [0] * 10**12", "MemoryError"),
}


@pytest.mark.parametrize(("line", "last"), REFUSED.values(), ids=REFUSED)
def test_out_of_reach(line: str, last: str) -> None:
    """Files outside its folder (the key file first of all), processes, networks, variables, much memory: all refused."""
    done = run(line)
    assert (done.passed, done.report.splitlines()[-1][: len(last)]) == (False, last)
    assert not Path("/tmp/left-by-a-line").exists()


def test_what_time_ends_is_gone() -> None:
    """An endless loop is stopped in time, with whatever it started, and its folder is removed."""
    before = set(Path("/tmp").glob("mlops-quiz-*"))
    started = time.monotonic()
    assert run("    while True: pass", functools.partial(mend.run, seconds=1.0)).passed is False
    assert time.monotonic() - started < 10
    running = [p.pid for p in psutil.Process(os.getpid()).children(recursive=True) if str(mend.PROGRAM) in p.cmdline()]
    assert (running, set(Path("/tmp").glob("mlops-quiz-*")) - before) == ([], set())


def test_a_server_runs_lines_elsewhere() -> None:
    """`mark` hands the code and its test to the runner that it is given."""
    seen = []

    def runner(code: str, test: str) -> mend.Run:
        seen.append((code, test))
        return mend.Run(False, "not here")

    verdict = mark(question("fix"), 7, "    return 6", runner)
    assert seen == [("def double(x):\n    return 6\n", "assert double(3) == 6, double(3)\n")]
    assert (verdict.right, verdict.report) == (False, "not here")
