"""The prepared process: it imports, then forks a warden for each connection, and never reads what is asked of it.

So its memory, which every sandbox inherits, holds nothing of any run: no variable, no key, no file.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import select
import signal
import socket
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from grader.backends.prepared import preload
from grader.backends.prepared.warden import Warden

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG = 64
MAX_TOLD = 32 * 1024


class Zygote:
    """Prepares this process by `settings`: `modules` to import, `warm_up` source for the scout and its `request`, and `seccomp`
    programs by machine. Where a scout of the same image has been, `imported` is what it found."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Raises CannotPrepare when this process, or this system, won't do."""
        began = time.monotonic()
        self._seccomp = base64.b64decode(settings["seccomp"].get(platform.machine(), ""))
        if settings["request"]["confined"] and not self._seccomp:
            raise preload.CannotPrepare(f"there is no seccomp filter for {platform.machine()}")
        preload.load(settings["modules"])
        known = settings.get("imported")
        late = preload.scout(settings["request"], self._seccomp, settings["warm_up"]) if known is None else known
        preload.follow(late)
        self.imported = late if sum(map(len, late)) < MAX_TOLD else None
        """What the scout had to import, for another process like this one; None when that is too much to tell."""
        self._generators = preload.settle()
        self.seconds = time.monotonic() - began
        self._poll = select.poll()
        self._attended: dict[int, Callable[[], None]] = {}

    def attend(self, one: socket.socket, act: Callable[[], None]) -> None:
        """Have `act` called when this socket has something to say."""
        self._attended[one.fileno()] = act
        self._poll.register(one, select.POLLIN)

    def ignore(self, one: socket.socket) -> None:
        """No longer."""
        del self._attended[one.fileno()]
        self._poll.unregister(one)

    def serve(self, listener: socket.socket, look: Callable[[], None] = lambda: None, every_seconds: float = 60) -> NoReturn:
        """Fork for each connection to `listener`; `look` is called now and then, at least as often as said."""
        signal.signal(signal.SIGCHLD, _reap)
        self.attend(listener, partial(self._fork, listener))
        while True:
            for number, _ in self._poll.poll(every_seconds * 1000):
                if act := self._attended.get(number):
                    act()
            look()

    def _fork(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                pid = os.fork()
            except OSError:
                return  # no room for another process: whoever asked sees the connection end
            if not pid:
                Warden(connection, self._seccomp, self._generators).run()


def listen(path: str) -> socket.socket:
    """A listening socket for connections that are sandboxes."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(BACKLOG)
    return listener


def report(descriptor: int, fact: dict[str, Any]) -> None:
    """Tell whoever started this process how it went, once."""
    os.write(descriptor, json.dumps(fact).encode())
    os.close(descriptor)


def _reap(*_: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
