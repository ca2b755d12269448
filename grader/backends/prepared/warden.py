"""The life of one sandbox, in processes forked for it: a warden outside, process 1 and the kernel inside.

A connection (SOCK_SEQPACKET) is a sandbox. Whoever opened it sends one request, with the kernel's listening sockets, and
hears `room` (with descriptors of the work folder and of listening sockets inside), `ready`, and at last `status`. It may
say `interrupt`. When it hangs up, or dies, the warden kills everything that the sandbox started. End of file tells it
that nothing is left.

Without confinement (the `local` backend) warden and process 1 are one process, which adopts all orphans.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from grader.backends.prepared import kernel, private_root, process_environment, randomness, system
from grader.backends.prepared.kernel_channels import CHANNELS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

MAX_REQUEST = 192 * 1024
"""Bytes: what a SOCK_SEQPACKET message can carry under the system's default buffer size."""
MARK = "MLOPS_PROCESS"
FAILED = 70
FIRST_TO_DIE = "1000"


class Warden:
    """Serves one connection in a process forked for it; never returns."""

    def __init__(self, connection: socket.socket, seccomp: bytes, generators: list[random.Random]) -> None:
        self._connection, self._seccomp, self._generators = connection, seccomp, generators
        self._scout: Callable[[Any], object] | None = None

    def run(self, scout: Callable[[Any], object] | None = None) -> NoReturn:
        """Be the warden. A scout is given the finished kernel, and what it returns is told instead of serving it."""
        self._scout = scout
        try:
            message, listeners, _, _ = socket.recv_fds(self._connection, MAX_REQUEST, len(CHANNELS))
            if message:
                _close_all_but(self._connection.fileno(), *listeners)
                self._open(json.loads(message), listeners)
        except BaseException:
            self._fail()
        os._exit(0)

    def _open(self, request: dict[str, Any], listeners: list[int]) -> None:
        confined = request["confined"]
        os.environ.clear()
        os.environ.update(request["variables"])
        process_environment.replace({MARK: os.environ[MARK], **os.environ} if MARK in os.environ else dict(os.environ))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if confined:
            private_root.leave_namespaces()
            child = self._fork(self._be_process_1, request, listeners)
        else:
            system.adopt_orphans()
            child = self._fork(self._be_kernel, request, listeners)
        for listener in listeners:
            os.close(listener)
        self._watch(child, confined)

    def _fork(self, be: Callable[[dict[str, Any], list[int]], None], *arguments: Any) -> int:
        pid = os.fork()
        if not pid:
            try:
                be(*arguments)
            except BaseException:
                self._fail()
            os._exit(0)
        return pid

    def _watch(self, child: int, confined: bool) -> None:
        """Until the other side hangs up: pass interrupts on, and collect what ended."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(woken, select.POLLIN)
        poll.register(self._connection, select.POLLIN | select.POLLRDHUP)
        lives = self._collect(child, confined)
        while lives or not confined:
            for descriptor, event in poll.poll():
                if descriptor == woken:
                    os.read(woken, 4096)
                    lives = lives and self._collect(child, confined)
                elif event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) or not self._connection.recv(64):
                    self._kill(child, confined)
                    return
                elif lives:
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGINT) if confined else os.killpg(child, signal.SIGINT)

    def _collect(self, child: int, confined: bool) -> bool:
        """Reap; False once the child has ended."""
        lives = True
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                if pid == child:
                    lives = False
                    if not confined:
                        self._tell(status=os.waitstatus_to_exitcode(status))
        return lives

    def _kill(self, child: int, confined: bool) -> None:
        """End every process of the sandbox, and return when they are gone."""
        if confined:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)  # process 1 of a pid namespace: the kernel kills all others
                os.waitpid(child, 0)
            return
        with suppress(ChildProcessError):
            while True:  # orphans become children of this process as their parents die
                for pid in _children():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                os.wait()

    def _be_process_1(self, request: dict[str, Any], listeners: list[int]) -> None:
        """Build the room, start the kernel in it, and collect orphans for ever."""
        folder = private_root.build(request["disk"], request["inodes"])
        endpoints = private_root.listen(request["endpoints"])
        system.drop_capabilities()
        system.install_filter(self._seccomp)
        system.die_with_parent(signal.SIGKILL)
        child = self._fork(self._be_kernel, request, listeners)
        system.set_dumpable(False)
        signal.signal(signal.SIGINT, lambda *_: os.killpg(child, signal.SIGINT))
        for listener in listeners:
            os.close(listener)
        self._tell([folder, *(endpoint.fileno() for endpoint in endpoints)], room=True)
        for endpoint in endpoints:
            endpoint.close()
        os.close(folder)
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                signal.pause()
                continue
            if pid == child:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                self._tell(status=os.waitstatus_to_exitcode(status))

    def _be_kernel(self, request: dict[str, Any], listeners: list[int]) -> None:
        os.setsid()
        if request["confined"]:
            system.set_dumpable(True)  # else even its own /proc/self is closed to it
        else:
            os.chdir(request["work"])
        if request["dies_first"]:
            # The memory limit shall end the student's processes and not those that report it.
            Path("/proc/self/oom_score_adj").write_text(FIRST_TO_DIE)
        _close_all_but(self._connection.fileno(), *listeners)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        randomness.reseed(self._generators)
        _limit(request["limits"])
        _use_threads(request["threads"])
        app = kernel.make(request["transport"], listeners, request["key"])
        if self._scout:
            self._tell(scouted=self._scout(app))
            os._exit(0)
        self._tell(ready=True)
        self._connection.close()
        kernel.serve(app)

    def _tell(self, descriptors: list[int] | None = None, **fact: Any) -> None:
        with suppress(OSError):  # nobody listens any more: then the warden is about to end this
            socket.send_fds(self._connection, [json.dumps(fact).encode()], descriptors or [])

    def _fail(self) -> NoReturn:
        """Say what is being raised, and end."""
        traceback.print_exc()
        self._tell(error="".join(traceback.format_exception_only(*sys.exc_info()[:2])).strip()[-2000:])
        os._exit(FAILED)


def _limit(limits: dict[str, int]) -> None:
    """Set resource limits by name, as low as the hard limit where that is lower."""
    for name, wanted in limits.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(number, (value, value))


def _use_threads(number: int) -> None:
    """Let numeric libraries use more than the one thread with which they were imported."""
    if number > 1 and "threadpoolctl" in sys.modules:
        sys.modules["threadpoolctl"].threadpool_limits(number)


def _children() -> list[int]:
    me, found = os.getpid(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == me and fields[0] != "Z":
                found.append(int(process.name))
    return found


def _close_all_but(*keep: int) -> None:
    for name in list(Path("/proc/self/fd").iterdir()):
        number = int(name.name)
        if number > 2 and number not in keep:
            with suppress(OSError):
                os.close(number)
