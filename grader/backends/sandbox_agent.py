"""What runs in a sandbox beside the student's kernel: it starts the kernel and carries bytes in and out.

Its source is sent over standard input (with `grader.backends.stream`), so that an image needs no file of ours. It is
process 1 of its container: nothing inside can kill, stop or trace it, and when it ends, everything ends. It decides
nothing: the student's processes run under the same user id, and all that leaves here counts as their word.

The grader's streams: `start` (work files, variables, endpoints) · `wait` (answered when the kernel ends) ·
`interrupt` · `read` (a file) · `channel` (one of the kernel's ports). The agent opens one kind only, `endpoint`.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.backends.stream import MAX_STREAMS, PAYLOAD, Multiplexer, Stream, bridge, hang_up
from grader.backends.work_folder import receive, send

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_ORDER = 4 * 1024 * 1024
CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
KEPT_ERRORS = 4096
"""Bytes of the kernel's standard error that are kept for an explanation of its end."""
RETRY_SECONDS = 0.01
NOT_DUMPABLE = (4, 0)
"""prctl(PR_SET_DUMPABLE, 0): /proc/<pid>/{fd,mem,environ} of this process are closed to its own user id."""
OOM_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where control groups of version 2 and 1 count processes that the memory limit killed (`oom_kill N`)."""
# debugpy is imported by ipykernel alone, which takes a third of a second; student code may still import it.
# The memory limit shall end the student's processes, not the one that reports it. The kernel sees to that itself: for a
# moment after its start its files in /proc are closed to the agent.
KERNEL = (
    "open('/proc/self/oom_score_adj', 'w').write('1000'); import sys; sys.path.pop(0);"
    "sys.modules['debugpy'] = None; import ipykernel.debugger; del sys.modules['debugpy'];"
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)


class Agent:
    """The sandbox's end of the pipe."""

    def __init__(self, work: Path) -> None:
        self._work, self._root = work, os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._kernel: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}
        self._errors = b""
        self._killed_before = 0
        self._services: dict[str, Callable[[Stream], Awaitable[None]]] = {
            "start": self._start,
            "wait": self._wait,
            "interrupt": self._interrupt,
            "read": self._read,
            "channel": self._channel,
        }

    async def run(self) -> None:
        """Serve until the grader hangs up."""
        loop = asyncio.get_running_loop()
        self._status: asyncio.Future[int] = loop.create_future()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        reader, writer = await standard_streams()
        self._pipe = Multiplexer(reader, writer, self._serve, first=2)
        await self._pipe.run()

    async def _serve(self, stream: Stream) -> None:
        await self._services[stream.target["do"]](stream)

    async def _start(self, stream: Stream) -> None:
        order = await stream.read_json(MAX_ORDER)
        try:
            for path, size in order["files"]:
                await receive(stream, self._root, path, size)
            for name, port in order["endpoints"].items():
                await asyncio.start_server(partial(self._forward, name), "127.0.0.1", port, backlog=MAX_STREAMS)
            self._launch(order["variables"], order["key"])
        except OSError as error:
            await stream.write_json({"error": f"{type(error).__name__}: {error}"})
        else:
            await stream.write_json({"error": None})
        await stream.end()

    def _launch(self, variables: dict[str, str], key: str) -> None:
        self._ports = _free_ports()
        file = Path(tempfile.mkdtemp(prefix="kernel-")) / "connection.json"
        known = {"transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256", "key": key}
        file.write_text(json.dumps({**known, **self._ports}))
        self._killed_before = killed_by_memory_limit()
        self._kernel = subprocess.Popen(
            [sys.executable, "-c", KERNEL, "-f", str(file), "--HistoryManager.enabled=False"],
            cwd=self._work,
            env={"PATH": os.environ["PATH"], **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if self._kernel.stderr:
            os.set_blocking(self._kernel.stderr.fileno(), False)
            asyncio.get_running_loop().add_reader(self._kernel.stderr, self._keep_errors)

    def _keep_errors(self) -> None:
        if self._kernel and self._kernel.stderr:
            text = self._kernel.stderr.read(PAYLOAD)
            if text:
                self._errors = (self._errors + text)[-KEPT_ERRORS:]
            else:
                asyncio.get_running_loop().remove_reader(self._kernel.stderr)

    def _reap(self) -> None:
        """Collect every process that ended: as process 1 this one inherits all orphans."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if self._kernel and pid == self._kernel.pid:
                self._kernel.returncode = os.waitstatus_to_exitcode(status)
                self._keep_errors()
                self._status.set_result(self._kernel.returncode)

    async def _wait(self, stream: Stream) -> None:
        status = await asyncio.shield(self._status)
        out_of_memory = status == -signal.SIGKILL and killed_by_memory_limit() > self._killed_before
        errors = self._errors.decode(errors="replace")
        await stream.write_json({"status": status, "out_of_memory": out_of_memory, "errors": errors})
        await stream.end()

    async def _interrupt(self, stream: Stream) -> None:
        if self._kernel and self._kernel.returncode is None:
            os.killpg(self._kernel.pid, signal.SIGINT)
        await stream.write_json({})
        await stream.end()

    async def _read(self, stream: Stream) -> None:
        await send(stream, self._root, stream.target["path"], stream.target["cap"])

    async def _channel(self, stream: Stream) -> None:
        """Join the stream to a port of the kernel, which may still be starting."""
        while self._kernel and self._kernel.returncode is None:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._ports[stream.target["port"]])
            except ConnectionRefusedError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await bridge(stream, reader, writer)
                return
        await stream.reset()

    async def _forward(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._pipe.ours() >= MAX_STREAMS:
            hang_up(writer)
            return
        try:
            stream = await self._pipe.open({"endpoint": name})
        except ConnectionError:
            hang_up(writer)
        else:
            await bridge(stream, reader, writer)


def _free_ports() -> dict[str, int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in CHANNELS]
    ports = {name: int(listener.getsockname()[1]) for name, listener in zip(CHANNELS, listeners, strict=True)}
    for listener in listeners:
        listener.close()
    return ports


def killed_by_memory_limit() -> int:
    """How many processes of this container its memory limit has killed."""
    for path in map(Path, OOM_COUNTERS):
        if path.is_file():
            counters = dict(line.split(maxsplit=1) for line in path.read_text().splitlines())
            return int(counters.get("oom_kill", 0))
    return 0


async def standard_streams() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Standard input and output, for asyncio."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await loop.connect_read_pipe(lambda: protocol, os.fdopen(0, "rb", buffering=0, closefd=False))
    pipe = os.fdopen(1, "wb", buffering=0, closefd=False)
    transport, flow = await loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), pipe)
    return reader, asyncio.StreamWriter(transport, flow, None, loop)


def main() -> None:
    """Run until the grader hangs up."""
    ctypes.CDLL(None).prctl(*NOT_DUMPABLE, 0, 0, 0)
    # A handler, since process 1 then survives the student's signals; not SIG_IGN, which the kernel would inherit.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    asyncio.run(Agent(Path("/work")).run())
