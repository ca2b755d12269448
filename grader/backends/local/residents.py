"""The prepared processes of this machine: found, started, kept, and ended."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from grader.backends.local import processes, venv
from grader.backends.prepared import bootstrap
from grader.backends.prepared.environment import CannotPrepare, to_import
from grader.backends.prepared.resident import CONTROL, SANDBOXES
from grader.backends.protocol import Environment
from grader.errors import SandboxFailed

IDLE_SECONDS = 30 * 60
"""A kept process that nobody used for so long ends by itself."""
START_SECONDS = 120
ANSWER_SECONDS = 10
ROOM_FOR_MARKS = 2048
"""Bytes of the process's own environment in which a sandbox writes its mark, where `ps` and psutil read it."""
log = logging.getLogger(__name__)


@dataclass
class Resident:
    """A prepared process that serves, and this process's word that it uses it."""

    folder: Path
    lease: socket.socket

    @property
    def lives(self) -> bool:
        """Whether it still serves."""
        try:
            return self.lease.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def connect(self) -> socket.socket:
        """A connection that is a new sandbox. Raises SandboxFailed."""
        try:
            return _connect(self.folder, SANDBOXES)
        except OSError as error:
            raise SandboxFailed(f"the prepared process in {self.folder} does not answer: {error}") from error

    def tell(self, word: str) -> None:
        """`keep` or `end`; returns when it was heard."""
        with suppress(OSError):  # it has ended
            self.lease.settimeout(ANSWER_SECONDS)
            self.lease.send(word.encode())
            self.lease.recv(64)
        self.lease.settimeout(None)


class Residents:
    """Those below one home. May be used by many threads."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._leased: dict[str, Resident] = {}
        self._refused: dict[str, str] = {}

    def find(self, environment: Environment, installed: Path) -> Resident:
        """The environment's prepared process, started if there is none. Raises CannotPrepare, SandboxFailed."""
        name = _name(environment)
        with self._lock:
            if name in self._refused:
                raise CannotPrepare(self._refused[name])
            known = self._leased.get(name)
            if known is None or not known.lives:
                known = self._leased[name] = self._join_or_start(environment, name, installed)
            return known

    def keep(self, environment: Environment, installed: Path) -> None:
        """Have it outlive this process, until `end` or until it was idle for IDLE_SECONDS."""
        with suppress(CannotPrepare):
            self.find(environment, installed).tell("keep")

    def end(self) -> None:
        """End all of them, whoever uses them; open sandboxes live on."""
        for folder in self._home.glob("*/"):
            with suppress(OSError):
                Resident(folder, _connect(folder, CONTROL)).tell("end")

    def _join_or_start(self, environment: Environment, name: str, installed: Path) -> Resident:
        folder = self._home / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(folder / "start.lock"):
            with suppress(OSError):
                return Resident(folder, _connect(folder, CONTROL))
            answer = _start(environment, folder, installed)
            if answer.get("error") is not None:
                why = self._refused[name] = str(answer["error"])
                log.warning("the libraries of environment %s are imported anew for each sandbox: %s", environment.spec.id, why)
                raise CannotPrepare(why)
            return Resident(folder, _connect(folder, CONTROL))


def _name(environment: Environment) -> str:
    """Another lock, other modules, or other code of ours are another process."""
    settings = json.dumps(to_import(environment)).encode()
    digest = hashlib.sha256(bootstrap.message(bootstrap.RESIDENT) + settings).hexdigest()[:8]
    return f"{environment.spec.id}-{venv.digest(environment)}-{digest}"


def _start(environment: Environment, folder: Path, installed: Path) -> dict[str, Any]:
    """Start it and return what it reports. Raises SandboxFailed when it ends without a word."""
    trial = {"confined": False, "dies_first": False, "transport": "tcp", "key": "scout", "limits": {}, "threads": 1}
    modules, warm_up = to_import(environment)
    settings = {
        "modules": modules,
        "warm_up": warm_up,
        "seccomp": {},
        "request": trial,
        "folder": str(folder),
        "idle_seconds": IDLE_SECONDS,
    }
    bin_folder = venv.executables(installed)
    variables = processes.base_variables(bin_folder) | {
        "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython"), "MPLCONFIGDIR": str(folder),
        processes.MARK: f"prepared:{folder.name}", "ROOM_FOR_MARKS": "-" * ROOM_FOR_MARKS,
    }  # fmt: skip
    log_file = folder / "log"
    with log_file.open("wb") as errors:
        process = subprocess.Popen(
            [str(bin_folder / "python"), *bootstrap.COMMAND[1:]], env=variables, cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
        )  # fmt: skip
    try:  # it reports through a child that lives on, and ends
        text, _ = process.communicate(bootstrap.message(bootstrap.RESIDENT, settings), timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        text, _ = process.communicate()
    if not text:
        raise SandboxFailed(f"the prepared process of {environment.spec.id} ended:\n{processes.tail(log_file, 2000)}")
    return dict(json.loads(text))


def _connect(folder: Path, name: str) -> socket.socket:
    """A connection to a socket in the folder, whose path may be longer than a socket's address. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(f"/proc/self/fd/{opened}/{name}")
        return connection
    finally:
        os.close(opened)
