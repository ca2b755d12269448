"""What a sandbox's container may do and use: as little as a kernel can live on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from docker.types import LogConfig, Ulimit

from grader.backends.docker import owner

if TYPE_CHECKING:
    from docker import APIClient

    from grader.backends.protocol import SandboxRequest
    from grader.spec.limits import Limits

KIND = "mlops-course.kind"
"""Label of everything that this backend makes."""
NAME = "mlops-course.name"
USER = 65534
"""`nobody`: owns nothing in the image."""
WORK = "/work"
FOLDERS = (WORK, "/tmp")  # noqa: S108  # private to the sandbox
"""All that can be written, /dev/shm aside."""
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


def container(client: APIClient, image: str, command: list[str], request: SandboxRequest, seccomp: str | None) -> str:
    """Create (not start) the container of a sandbox and return its id. `seccomp` replaces the engine's own profile."""
    made = client.create_container(
        image,
        entrypoint=command,
        user=f"{USER}:{USER}",
        hostname="sandbox",
        working_dir=WORK,
        stdin_open=True,
        labels={KIND: "sandbox", NAME: request.name, owner.LABEL: owner.current()},
        host_config=client.create_host_config(**_host_config(client, request.limits, seccomp)),
    )
    return str(made["Id"])


def _host_config(client: APIClient, limits: Limits, seccomp: str | None) -> dict[str, Any]:
    profile = [] if seccomp is None else [f"seccomp={seccomp}"]
    # Not noexec: a program may be written and run, and an interpreter would run it anyway.
    size = f"size={limits.disk_mb}m,nr_inodes={limits.disk_mb * FILES_PER_MIB}"
    private = f"rw,exec,nosuid,nodev,{size},uid={USER},gid={USER},mode=0700"
    memory = limits.memory_mb * MIB
    return {
        "network_mode": "none",
        "read_only": True,
        "tmpfs": dict.fromkeys(FOLDERS, private),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true", *profile],
        "ipc_mode": "private",
        "pids_limit": limits.processes,
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": int(min(limits.cpus, _cores(client)) * 1e9),
        "ulimits": [
            Ulimit(name="nofile", soft=OPEN_FILES, hard=OPEN_FILES),
            Ulimit(name="fsize", soft=limits.file_mb * MIB, hard=limits.file_mb * MIB),
            Ulimit(name="core", soft=0, hard=0),
        ],
        # The engine would otherwise write all that passes through the pipe to its own disk.
        "log_config": LogConfig(type="none"),
    }


@cache
def _cores(client: APIClient) -> float:
    """The engine refuses a limit above what it has."""
    return float(client.info()["NCPU"])
