"""Imports an environment's libraries so that nothing of them runs yet: what runs does not survive a fork."""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.backends.prepared import kernel, randomness
from grader.backends.prepared.kernel_channels import CHANNELS
from grader.backends.prepared.warden import MAX_REQUEST, Warden

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

BEFORE_IMPORTS = {
    # A thread that a library starts would hold its locks for ever in every fork.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # Nothing shall be sent, asked or looked for at import.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
"""Read by libraries when they are imported; no sandbox finds these in its environment."""
SCOUTED_CODE = "1 + 1", "{'a': [1.5]}", "1 / 0", "print('')"
"""What every notebook does in some way: a value shown, an error, something printed."""


class CannotPrepare(Exception):
    """Why this process can't be forked safely, or a sandbox can't be confined here."""


def load(modules: Sequence[str]) -> None:
    """Import the modules. Raises CannotPrepare for one that can't be imported."""
    os.environ.update(BEFORE_IMPORTS)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise CannotPrepare(f"module {name} can't be imported: {type(error).__name__}: {error}") from error


def scout(template: dict[str, Any], seccomp: bytes, warm_up: str) -> list[str]:
    """Open and close one sandbox, and return what its kernel had to import beyond what was there.

    `warm_up` is source text that it runs: what the environment's notebooks do, so that libraries import what they import
    late. It is a sandbox like those to come, so what is refused here is found now. Raises CannotPrepare with the reason.
    """
    known = set(sys.modules)

    def look(app: Any) -> list[str]:
        for cell in (*SCOUTED_CODE, warm_up):
            app.shell.run_cell(cell)
        return [name for name in sys.modules if name not in known and name != "__main__"]

    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if not pid:
        here.close()
        Warden(there, seccomp, []).run(look)
    there.close()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, here:
        listeners = [_listener(folder, template["transport"], name) for name in CHANNELS]
        request = {**template, "work": folder, "variables": {"PATH": os.environ["PATH"], "HOME": folder}}
        socket.send_fds(here, [json.dumps(request).encode()], [listener.fileno() for listener in listeners])
        while "error" not in told and "scouted" not in told and (answer := _hear(here)):
            told |= answer
        for listener in listeners:
            listener.close()
    os.waitpid(pid, 0)
    if "scouted" not in told:
        raise CannotPrepare(str(told.get("error", "the first sandbox ended without a word")))
    return list(told["scouted"])


def follow(names: Sequence[str]) -> None:
    """Import what a scout has found."""
    for name in names:
        with suppress(Exception):  # a module that another one puts there, not to be imported by its name
            importlib.import_module(name)


def settle() -> list[random.Random]:
    """Make what was imported cheap to share; returns the random generators that a fork must reseed.

    Raises CannotPrepare when an import started a thread.
    """
    threads = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    if len(threads) > 1:
        raise CannotPrepare(f"an import started threads, which no fork would have: {', '.join(threads[1:])}")
    kernel.note_ours()
    gc.collect()
    generators = randomness.generators()
    gc.disable()  # each kernel enables it again
    gc.freeze()  # the collector would write to, and so copy, every shared page
    return generators


def _listener(folder: str, transport: str, name: str) -> socket.socket:
    if transport == "tcp":
        return socket.create_server(("127.0.0.1", 0))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/{name}")
    listener.listen()
    return listener


def _hear(connection: socket.socket) -> dict[str, Any] | None:
    """The next message, its descriptors closed; None at the end."""
    message, descriptors, _, _ = socket.recv_fds(connection, MAX_REQUEST, 16)
    for descriptor in descriptors:
        os.close(descriptor)
    return dict(json.loads(message)) if message else None
