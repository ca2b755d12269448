"""The quick way into a command: a resident process that has imported everything does it, if there is one.

Importing what grades a notebook takes seconds; what a learner asks for takes a fraction of one. `mlops start` leaves a
process behind that has done the imports (`resident.py`). It forks for each request, in which the command runs as it would
have run here: with this terminal, folder and environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

SERVED = ("check", "hint", "progress", "ps", "question", "quiz", "reset", "start", "status", "undo")
"""Commands worth it: short, and frequent."""
INTERACTIVE = "--lab"
"""Leaves JupyterLab in the foreground, which asks its terminal something: that must be the caller's own."""
MODULE = "grader.cli.resident"
MAX_MESSAGE = 1 << 20
TIDYING_SECONDS = 10


def place(home: Path) -> Path:
    """The socket of the resident for this code: other code, or another Python, never answers in its stead."""
    digest = hashlib.sha256(sys.executable.encode())
    for file in sorted(Path(__file__).resolve().parents[1].rglob("*.py")):
        if "tests" not in file.parts:
            about = file.stat()
            digest.update(f"{file} {about.st_mtime_ns} {about.st_size}\n".encode())
    return home / "resident" / f"{digest.hexdigest()[:12]}.sock"


def run(home: Path, arguments: list[str]) -> int | None:
    """Have the resident run the command; its exit code, or None when there is no resident (nothing was done).

    Only Linux has one: elsewhere libraries don't survive a fork, or there is none, and every command runs by itself.
    """
    if sys.platform != "linux" or not arguments or arguments[0] not in SERVED or INTERACTIVE in arguments:
        return None
    connection = _connect(place(home))
    if connection is None:
        return None
    request = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    with connection:
        try:
            socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
            pid = _answer(connection).get("pid")
        except OSError:
            return None
        if not isinstance(pid, int):
            return None
        with _signals_go_to(pid):
            code = _answer(connection).get("code")
    return code if isinstance(code, int) else 3


def start(home: Path) -> None:
    """Start the resident, if this system can have one and there is none. Returns at once: it is ready some seconds later."""
    import subprocess

    if sys.platform != "linux" or _connect(place(home)) is not None:
        return
    log = home / "resident" / "log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("wb") as out:
        subprocess.Popen(
            [sys.executable, "-m", MODULE, str(place(home))], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            cwd=home, start_new_session=True,
        )  # fmt: skip


def stop(home: Path) -> None:
    """End every resident of this home, whatever code it has, and those that only start; commands that run go on.

    Returns when those that have answered are done with tidying up, which is soon.
    """
    for file in (home / "resident").glob("*.sock"):
        connection = _connect(file)
        if connection is not None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(TIDYING_SECONDS)
                connection.send(b'{"end": true}')
                connection.recv(64)
    _end_those_that_start(home)


def _end_those_that_start(home: Path) -> None:
    """End residents that don't listen yet: nobody could ask them to, and they would stay for hours."""
    import psutil

    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[1:3] == ["-m", MODULE] and Path(process.cmdline()[3]).parent == home / "resident":
                found[process.pid] = process
    starting = []
    for process in found.values():
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in found and not process.net_connections("unix"):
                process.terminate()
                starting.append(process)
    psutil.wait_procs(starting, timeout=10)


def _connect(file: Path) -> socket.socket | None:
    """A connection to the socket, whose path may be longer than a socket's address."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError):
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                connection.connect(f"/proc/self/fd/{folder}/{file.name}")
            except OSError:
                connection.close()
                raise
            return connection
        finally:
            os.close(folder)
    return None


def _answer(connection: socket.socket) -> dict[str, Any]:
    message = connection.recv(MAX_MESSAGE)
    return dict(json.loads(message)) if message else {}


@contextlib.contextmanager
def _signals_go_to(pid: int) -> Any:
    """Ctrl-C and termination are meant for the command, wherever it runs."""

    def forward(number: int, _: object) -> None:
        with contextlib.suppress(OSError):
            os.kill(pid, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
