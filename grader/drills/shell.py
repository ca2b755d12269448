"""Runs one command as the learner would: in the drill's folder, with the drill's variables, in a shell of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import Unavailable

OUTPUT_BYTES = 200_000
"""What is kept of a command's output: its end."""
INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "SYSTEMROOT")
TIMED_OUT = 124


@dataclass(frozen=True)
class Output:
    """How a command ended; `text` is what it printed, both streams in order."""

    code: int
    text: str

    @property
    def last(self) -> str:
        """The last line that isn't empty."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else "(no output)"


def run(command: str, folder: Path, variables: Mapping[str, str], seconds: float) -> Output:
    """Run it to its end, or for `seconds`; nothing that it started outlives it.

    The process gets `variables` and a few of this machine's own (HOME, the locale), none of the grader's.
    """
    base = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [_bash(), "-c", command], cwd=folder, env=base | dict(variables), stdin=subprocess.DEVNULL, stdout=printed,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = TIMED_OUT
        finally:
            _end(process)
        printed.seek(max(0, printed.seek(0, os.SEEK_END) - OUTPUT_BYTES))
        text = printed.read().decode("utf-8", "replace")
    return Output(code, text + (f"\n(ended after {seconds:g} s)" if code == TIMED_OUT else ""))


def path(first: Sequence[Path]) -> str:
    """PATH with these folders before this machine's own."""
    return os.pathsep.join([*map(str, first), os.environ.get("PATH", os.defpath)])


def _bash() -> str:
    found = shutil.which("bash")
    if found is None:
        raise Unavailable("drills are worked on in bash, and there is none on this machine", "install bash")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the command's whole group, so that no child of it stays."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
