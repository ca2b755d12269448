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
            self._process = self._start(venv.executables(environment))
            self.connection = self._wait_for_kernel()
        except BaseException:
            self.close()
            raise

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        code = self._process.poll()
        if code is None:
            return None
        if code == -signal.SIGKILL:
            return Ended("exited", "the kernel was killed (SIGKILL): by its own code, or by this system for its memory")
        return Ended("exited", f"the kernel ended itself with exit code {code}")

    def interrupt(self) -> None:
        """SIGINT to the kernel's process group."""
        with contextlib.suppress(OSError):
            if os.name == "nt":
                self._process.send_signal(signal.CTRL_C_EVENT)  # type: ignore[attr-defined,unused-ignore]
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
        process = getattr(self, "_process", None)
        with contextlib.suppress(psutil.Error, OSError):
            root = psutil.Process(process.pid) if process and process.poll() is None else None
            processes.end(root, self.mark, seconds=0)
        if process:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_files(self) -> None:
        self.work.mkdir()
        for name, content in self.request.files.items():
            file = self.work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _start(self, bin_folder: Path) -> subprocess.Popen[bytes]:
        limits = self.request.limits
        home = self.folder / "home"
        home.mkdir()
        variables = processes.base_variables(bin_folder) | {
            "HOME": str(home), "IPYTHONDIR": str(home / ".ipython"), "JUPYTER_RUNTIME_DIR": str(self.folder),
            "MPLCONFIGDIR": str(home), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "JPY_PARENT_PID": str(os.getpid()),  # ipykernel ends itself when its parent dies
            **self.request.variables,
        }  # fmt: skip
        rlimits = {
            "memory_mb": limits.memory_mb,
            "file_mb": limits.file_mb,
            "cpu_seconds": limits.total_seconds * 2 + 60,
        }
        python = bin_folder / ("python.exe" if sys.platform == "win32" else "python")
        script = Path(__file__).with_name("kernel_process.py")
        command = [str(python), str(script), str(self.folder / "kernel.json"), json.dumps(rlimits)]
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
