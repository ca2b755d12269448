"""Processes that outlive the command that started them, found again by id and start time, ended with all they started."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

MARK = "MLOPS_PROCESS"
"""Environment variable by which everything that a process of ours started is recognised, daemons included."""

STOP_SECONDS = 10


def base_variables(bin_folder: Path) -> dict[str, str]:
    """The environment of a process of ours: the commands of its environment first, and nothing of the caller's own."""
    keep = ("LANG", "LC_ALL", "TZ", "SYSTEMROOT", "TEMP", "TMP", "PATHEXT", "COMSPEC")
    path = os.pathsep.join([str(bin_folder), os.environ.get("PATH", os.defpath)])
    return {name: os.environ[name] for name in keep if name in os.environ} | {"PATH": path, "PYTHONUNBUFFERED": "1"}


def spawn(command: Sequence[str], variables: Mapping[str, str], cwd: Path, log: Path, mark: str) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output appended to `log`. Raises OSError."""
    with log.open("ab") as out:
        return subprocess.Popen(
            list(command), env={**variables, MARK: mark}, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip


def find(pid: int, started: float) -> psutil.Process | None:
    """The process with this id and start time (seconds since the epoch), or None when it has ended."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def marked(mark: str) -> list[psutil.Process]:
    """All processes that carry this mark, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end(root: psutil.Process | None, mark: str, seconds: float = STOP_SECONDS) -> None:
    """Terminate a process, then kill whatever of it is left: its children and all that carry its mark."""
    family: list[psutil.Process] = []
    if root is not None:
        with contextlib.suppress(psutil.Error):
            family = root.children(recursive=True)
        if seconds:
            with contextlib.suppress(psutil.Error):
                root.terminate()
            psutil.wait_procs([root], timeout=seconds)
        family.append(root)
    while left := [p for p in {*family, *marked(mark)} if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=1)


def tail(log: Path, size: int = 64 * 1024) -> str:
    """The last `size` bytes of a log, as text."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode("utf-8", "replace")
    return ""
