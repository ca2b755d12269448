"""A prepared process of this machine: it serves any grader of its user, and ends when nobody needs it.

It listens on two sockets in its folder. A connection to `sandboxes` is a sandbox. A connection to `control` is a user:
without one it ends, unless somebody said `keep`; then it ends after it was idle for some time, or when told to `end`.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from grader.backends.prepared import zygote
from grader.backends.prepared.preload import CannotPrepare

SANDBOXES, CONTROL = "sandboxes", "control"
GRACE_SECONDS = 60
"""How long it waits for its first user."""
MAX_WORD = 64


class Resident:
    """Who uses it, and whether it is time to go."""

    def __init__(self, prepared: zygote.Zygote, control: socket.socket, idle_seconds: float) -> None:
        self._prepared, self._control, self._idle_seconds = prepared, control, idle_seconds
        self._users: set[socket.socket] = set()
        self._kept = False
        self._used = time.monotonic()
        prepared.attend(control, self._welcome)

    def look(self) -> None:
        """End if nobody needs it any more."""
        patience = self._idle_seconds if self._kept else GRACE_SECONDS
        if self._users:
            self._used = time.monotonic()
        elif time.monotonic() - self._used > patience:
            self._end()

    def _welcome(self) -> None:
        user, _ = self._control.accept()
        self._users.add(user)
        self._prepared.attend(user, partial(self._hear, user))

    def _hear(self, user: socket.socket) -> None:
        word = b""
        with suppress(OSError):
            word = user.recv(MAX_WORD)
        if word == b"keep":
            self._kept = True
        elif word == b"end":
            self._end()
        elif not word:
            self._prepared.ignore(user)
            self._users.remove(user)
            user.close()
            if not (self._users or self._kept):
                self._end()
        if word:
            with suppress(OSError):
                user.send(word)

    def _end(self) -> None:
        """The sandboxes that live have their own wardens, and stay."""
        for name in (SANDBOXES, CONTROL):
            Path(name).unlink(missing_ok=True)
        os._exit(0)


def main(settings: dict[str, Any]) -> None:
    """Serve in `settings["folder"]`; tells on standard output, once, how it went."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.chdir(settings["folder"])  # a socket's path may be no longer than 107 bytes
    try:
        prepared = zygote.Zygote(settings)
    except CannotPrepare as why:
        zygote.report(1, {"error": str(why)})
        return
    if os.fork():
        os._exit(0)  # so that whoever started it needn't collect it one day
    for name in (SANDBOXES, CONTROL):
        Path(name).unlink(missing_ok=True)
    resident = Resident(prepared, zygote.listen(CONTROL), settings["idle_seconds"])
    listener = zygote.listen(SANDBOXES)
    zygote.report(os.dup(1), {"error": None, "seconds": prepared.seconds})
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    prepared.serve(listener, resident.look, min(10.0, settings["idle_seconds"]))
