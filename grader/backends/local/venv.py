"""Makes an environment's lock file into a virtual environment, once per lock."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from grader.backends.protocol import Environment
from grader.errors import OurFault

DONE = ".complete"


def digest(environment: Environment) -> str:
    """What identifies the environment's packages: a hash of its project and lock file."""
    files = [environment.folder / name for name in ("pyproject.toml", "uv.lock")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def prepare(environment: Environment, home: Path) -> Path:
    """The folder of the virtual environment, installed from the lock (with hashes) if it isn't there yet, and anew where it was
    moved or its Python is gone: its commands name their interpreter by its path.

    Raises OurFault with the installer's last lines when that fails.
    """
    folder = _folder(environment, home)
    if _complete(folder):
        return folder
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{folder.name}.lock"):
        if not _complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
            _install(environment, folder)
            (folder / DONE).write_text(str(folder.resolve()), encoding="utf-8")
    return folder


def is_there(environment: Environment, home: Path) -> bool:
    """Whether it is installed."""
    return _complete(_folder(environment, home))


def _folder(environment: Environment, home: Path) -> Path:
    return home / f"{environment.spec.id}-{digest(environment)}"


def _complete(folder: Path) -> bool:
    """Whether the environment was installed to its end, here, with a Python that is still there."""
    with contextlib.suppress(OSError):
        return (folder / DONE).read_text(encoding="utf-8") == str(folder.resolve()) and python(folder).exists()
    return False


def python(folder: Path) -> Path:
    """A virtual environment's interpreter."""
    return executables(folder) / ("python.exe" if os.name == "nt" else "python")


def executables(folder: Path) -> Path:
    """Where a virtual environment keeps its commands."""
    return folder / ("Scripts" if os.name == "nt" else "bin")


def _install(environment: Environment, folder: Path) -> None:
    from uv import find_uv_bin

    command = [find_uv_bin(), "sync", "--locked", "--no-progress", "--compile-bytecode", "--no-python-downloads"]
    command += ["--python", sys.executable, "--project", str(environment.folder)]
    # commands name their Python by its path: not by one through a link, which may be gone before the environment is
    variables = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    variables |= {"UV_PROJECT_ENVIRONMENT": str(folder.resolve())}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-20:])
        raise OurFault(
            f"the environment {environment.spec.id!r} could not be installed from {environment.folder}/uv.lock:\n{tail}",
            "check the network and free disk space, then try again",
        )
