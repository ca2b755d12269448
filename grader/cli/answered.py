"""The answer is out: who waits for the command may go, and what it leaves behind is tidied up after that.

Only in a fork of the resident process (`resident.py`), whose caller is another process; elsewhere the command tidies up, and
then ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys

_caller: socket.socket | None = None
_log: int | None = None


def expected_by(caller: socket.socket, log: int) -> None:
    """This process is a fork whose exit code `caller` waits for. What is said once it has it goes to the file `log`."""
    global _caller, _log
    _caller, _log = caller, log


def answer(code: int) -> None:
    """Let the caller end with this exit code now. From here on nobody can interrupt, or reads what is said."""
    global _caller
    if _caller is None or _log is None:
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for written in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # who read it has gone
            written.flush()
    for stream in (1, 2):  # a pipe ends where its last writer closes it
        os.dup2(_log, stream)
    with contextlib.suppress(OSError), _caller:
        _caller.send(json.dumps({"code": code}).encode())
    _caller = None
