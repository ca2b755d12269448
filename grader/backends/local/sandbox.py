"""A sandbox that is a process group of this machine: for one's own work, since it hides nothing of the machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path, PurePosixPath

import psutil

from grader.backends.local import processes, venv
from grader.backends.protocol import Connection, Ended, SandboxRequest
from grader.errors import SandboxFailed
from grader.spec.limits import Limits

START_SECONDS = 60


class LocalSandbox:
    """A kernel in a work folder of its own; everything that it starts is ended with it."""

    connection: Connection

    def __init__(self, request: SandboxRequest, environment: Path, owner: str) -> None:
        self.request = request
        self.mark = f"sandbox:{owner}:{request.name}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"mlops-{request.name}-"))
        self.work = self.folder / "work"
        try:
            self._write_files()
            self.connection = self._open(venv.executables(environment))
        except BaseException:
            self.close()
            raise

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        code = self._process.poll()
        return None if code is None else Ended("exited", explain(code))

    def interrupt(self) -> None:
        """SIGINT to the kernel's process group."""
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._process.send_signal(signal.CTRL_C_EVENT)
            else:
                os.killpg(self._process.pid, signal.SIGINT)

    def read(self, path: str, cap: int) -> bytes:
        """A regular file of the work folder; see the protocol for what is refused."""
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise ValueError(f"{path} is not inside the work folder")
        file = self.work / path
        if file.resolve() != self.work.resolve() / path:
            raise ValueError(f"{path} leads through a link")
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a regular file")
        if status.st_size > cap:
            raise ValueError(f"{path} has {status.st_size} bytes, more than {cap}")
        with file.open("rb") as opened:
            return opened.read(cap)

    def close(self) -> None:
        """End the kernel and all it started, and remove its folder."""
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self, bin_folder: Path) -> Connection:
        """Start the kernel. Raises SandboxFailed."""
        self._process = self._start(bin_folder)
        return self._wait_for_kernel()

    def _end(self) -> None:
        process = getattr(self, "_process", None)
        with contextlib.suppress(psutil.Error, OSError):
            root = psutil.Process(process.pid) if process and process.poll() is None else None
            processes.end(root, self.mark, seconds=0)
        if process:
            process.wait()

    def _write_files(self) -> None:
        self.work.mkdir()
        for name, content in self.request.files.items():
            file = self.work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _variables(self, bin_folder: Path) -> dict[str, str]:
        """The kernel's environment."""
        home = self.folder / "home"
        home.mkdir()
        return processes.base_variables(bin_folder) | {
            "HOME": str(home), "IPYTHONDIR": str(home / ".ipython"), "JUPYTER_RUNTIME_DIR": str(self.folder),
            "MPLCONFIGDIR": str(home), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            **self.request.variables,
        }  # fmt: skip

    def _start(self, bin_folder: Path) -> subprocess.Popen[bytes]:
        # ipykernel ends itself when its parent dies
        variables = {"JPY_PARENT_PID": str(os.getpid()), **self._variables(bin_folder)}
        script = Path(__file__).with_name("kernel_process.py")
        command = [
            str(venv.python(bin_folder.parent)),
            str(script),
            str(self.folder / "kernel.json"),
            json.dumps(limits_of(self.request.limits)),
        ]
        return processes.spawn(command, variables, self.work, self.folder / "kernel.log", self.mark)

    def _wait_for_kernel(self) -> Connection:
        """The kernel binds to ports of its own choice and writes them down; that file is the sign that it is there."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                info = json.loads((self.folder / "kernel.json").read_text(encoding="utf-8"))
                ports = {name: info[name] for name in info if name.endswith("_port")}
                return Connection(host="127.0.0.1", key=info["key"].encode(), **ports)
            time.sleep(0.02)  # the file system tells nobody portably that a file has come
        log = processes.tail(self.folder / "kernel.log", 2000)
        raise SandboxFailed(f"the kernel of sandbox {self.request.name} did not start:\n{log}", "see `mlops doctor`")


def limits_of(limits: Limits) -> dict[str, int]:
    """What the operating system limits each process of the sandbox to, by the name of the resource."""
    return {
        "DATA": limits.memory_mb << 20,
        "FSIZE": limits.file_mb << 20,
        "CPU": limits.total_seconds * 2 + 60,
        "CORE": 0,
    }


def explain(code: int) -> str:
    """A kernel's exit code (negative: a signal) as a sentence."""
    if sys.platform != "win32" and code == -signal.SIGKILL:
        return "the kernel was killed (SIGKILL): by its own code, or by this system for its memory"
    return f"the kernel ended itself with exit code {code}"
