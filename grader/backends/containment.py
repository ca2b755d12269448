"""What a container's sandbox finds and may use, the same on every backend that has containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.backends.protocol import SandboxRequest
    from grader.spec.limits import Limits

KIND = "mlops-course.kind"
"""Label of everything that a backend makes."""
NAME = "mlops-course.name"
WORK = "/work"
MIB = 1024 * 1024
FILES_PER_MIB = 64
"""Inodes that the work folder has for each MiB."""
OPEN_FILES = 1024
# What a process must find to work as usual; the rest of its environment is the request's.
BASICS = {"HOME": "/tmp", "LANG": "C.UTF-8", "TERM": "dumb"}  # noqa: S108
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Read by numeric libraries, which otherwise start a thread for every core of the machine."""


def variables(request: SandboxRequest) -> dict[str, str]:
    """The environment of the kernel's process, PATH aside."""
    threads = str(max(1, int(request.limits.cpus)))
    return {**BASICS, **dict.fromkeys(THREAD_LIMITS, threads), **request.variables}


def of_container(limits: Limits) -> Limits:
    """The limits less those that the container and the room don't know: these may differ from sandbox to sandbox."""
    free = ("cell_seconds", "total_seconds", "output_mb")
    return limits.model_copy(update={name: type(limits).model_fields[name].default for name in free})
