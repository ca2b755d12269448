"""The resident process: it has imported what commands need, forks for each request, and ends when nobody comes any more.

A connection is a request: one message with the arguments, the folder and the environment, and the three standard streams.
It hears the process id of the fork, then its exit code. When the other side hangs up first, the fork is ended; but not one that
has answered (`answered.py`) and tidies up. Who tells the resident to end hears of it when such forks have ended, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from grader.cli.quick import MAX_MESSAGE

IDLE_SECONDS = 4 * 3600
KEPT_FROM = 200
"""Descriptors below it, but for the standard streams, are the resident's own: no command has them."""
PRELOADED = (
    "grader.cli.main", "grader.cli.render", "grader.learner.workspace", "grader.grading.grade", "grader.grading.inbox",
    "grader.backends.local.backend", "grader.stack.stack", "grader.stack.lease", "psycopg",
)  # fmt: skip


class Resident:
    """The requests that run: their connections by the fork's process id."""

    def __init__(self, listener: socket.socket, file: Path) -> None:
        self._listener, self._file = listener, file
        self._running: dict[int, socket.socket] = {}
        self._left: set[int] = set()
        """Forks whose callers have gone."""
        self._ending: list[socket.socket] = []
        """Connections that told this process to end."""
        self._used = time.monotonic()

    def serve(self) -> NoReturn:
        """Until told to end, replaced, or idle for IDLE_SECONDS."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        while True:
            waiting: list[Any] = [self._listener, woken, *self._running.values()]
            ready, _, _ = select.select(waiting, [], [], 60)
            if woken in ready:
                os.read(woken, 4096)
            for pid, connection in list(self._running.items()):
                if connection in ready:  # it has nothing more to say: it hung up
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGTERM)
                    self._forget(pid)
                    self._left.add(pid)
            self._collect()
            if self._listener in ready:
                self._welcome()
            over = time.monotonic() - self._used > IDLE_SECONDS or not self._file.exists()
            if over and not self._running and not self._left:
                self._end()

    def _welcome(self) -> None:
        connection, _ = self._listener.accept()
        message, streams, _, _ = socket.recv_fds(connection, MAX_MESSAGE, 3)
        self._used = time.monotonic()
        try:
            request = dict(json.loads(message)) if message else {}
            if request.get("end"):
                self._file.unlink(missing_ok=True)
                self._ending.append(connection)
                self._say_the_end()
                return
            if len(streams) == 3:
                self._fork(connection, request, streams)
                return
        finally:
            for stream in streams:
                with contextlib.suppress(OSError):
                    os.close(stream)
        connection.close()

    def _fork(self, connection: socket.socket, request: dict[str, Any], streams: list[int]) -> None:
        pid = os.fork()
        if not pid:
            _become(request, streams, connection)
        self._running[pid] = connection
        with contextlib.suppress(OSError):
            connection.send(json.dumps({"pid": pid}).encode())

    def _collect(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                self._left.discard(pid)
                if pid in self._running:
                    code = os.waitstatus_to_exitcode(status)
                    with contextlib.suppress(OSError):
                        self._running[pid].send(json.dumps({"code": code if code >= 0 else 128 - code}).encode())
                    self._forget(pid)
        self._say_the_end()

    def _say_the_end(self) -> None:
        """To those who wait for it, once nothing is left that tidies up."""
        while self._ending and not self._left:
            with self._ending.pop() as connection, contextlib.suppress(OSError):
                connection.send(b"{}")

    def _forget(self, pid: int) -> None:
        self._running.pop(pid).close()

    def _end(self) -> NoReturn:
        self._file.unlink(missing_ok=True)
        sys.exit(0)


def _become(request: dict[str, Any], streams: list[int], caller: socket.socket) -> NoReturn:
    """Run the command in this fork, as if it had been started there."""
    from grader.cli import answered, main

    code = 3
    try:
        signal.set_wakeup_fd(-1)
        for caught in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(caught, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        kept = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, KEPT_FROM) for number in (caller.fileno(), 2)]
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, KEPT_FROM)
        answered.expected_by(socket.socket(fileno=kept[0]), log=kept[1])
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["mlops", *request["arguments"]]
        gc.enable()
        main.run_here()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    except KeyboardInterrupt:  # before the command could take it
        code = 130
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def preload() -> None:
    """Import what the commands need, and what the labs' checks compute with; read the course's specs, and the datasets that
    runs are given rows of."""
    from grader.cli.main import lighten

    lighten()
    for name in PRELOADED:
        importlib.import_module(name)
    from grader.backends.protocol import Address
    from grader.checks import registry
    from grader.course import data
    from grader.course.tree import find_course
    from grader.errors import CourseError
    from grader.notebook import build
    from grader.services.s3_client import S3Admin

    nowhere = S3Admin(Address("127.0.0.1", 1), "")
    _ = nowhere.s3, nowhere.iam  # asks nothing; reads boto3's descriptions
    with contextlib.suppress(CourseError):  # no course, or a broken one: the command says so when it is asked for
        course = find_course()
        for specs in (course.modules, course.services, course.environments, course.milestones, course.drills):
            specs()
        for lab in course.labs():
            registry.load(lab)
            build.starter(lab)
            for given in lab.spec.data:
                data.visible(course, given)


def main() -> None:
    """Serve on the socket that is named by the first argument."""
    file = Path(sys.argv[1])
    os.chdir(file.parent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    preload()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    new = f"{file.name}.{os.getpid()}"
    listener.bind(new)
    listener.listen(16)
    Path(new).rename(file.name)  # the last one to start is the one that is found
    gc.collect()
    gc.freeze()
    Resident(listener, file).serve()


if __name__ == "__main__":
    main()
