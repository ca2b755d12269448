"""What a sandbox's container may do and use: as little as a kernel can live on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from docker.types import LogConfig, Ulimit

from grader.backends import owner
from grader.backends.containment import FILES_PER_MIB, KIND, MIB, NAME, OPEN_FILES, WORK
from grader.backends.prepared.filters import host_profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docker import APIClient

    from grader.backends.protocol import SandboxRequest
    from grader.spec.limits import Limits

USER = 65534
"""`nobody`: owns nothing in the image."""
FOLDERS = (WORK, "/tmp")  # noqa: S108  # private to the sandbox
"""All that can be written, /dev/shm aside."""
OWN_PROCESSES = 4
"""Of a host container: its process 1, the zygote, a warden, and the sandbox's process 1."""


def container(client: APIClient, image: str, command: Sequence[str], request: SandboxRequest, seccomp: str | None) -> str:
    """Create (not start) the container of a sandbox and return its id. `seccomp` replaces the engine's own profile."""
    made = client.create_container(
        image,
        entrypoint=list(command),
        user=f"{USER}:{USER}",
        hostname="sandbox",
        working_dir=WORK,
        stdin_open=True,
        labels={KIND: "sandbox", NAME: request.name, owner.LABEL: owner.current()},
        host_config=client.create_host_config(**_host_config(client, request.limits, seccomp)),
    )
    return str(made["Id"])


def host_container(client: APIClient, image: str, command: Sequence[str], name: str, limits: Limits) -> str:
    """Create (not start) the container in which prepared sandboxes with these limits live; return its id.

    It is confined like a sandbox, and may also build namespaces: user namespaces need no privilege. Its own processes
    come on top of the sandbox's. Docker's masks over /proc would keep a namespace from mounting its own.
    """
    config = _host_config(client, limits, host_profile())
    config |= {
        "tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,size=8m,uid={USER},gid={USER},mode=0700"},  # noqa: S108
        "pids_limit": limits.processes + OWN_PROCESSES,
    }
    made = client.create_container(
        image,
        entrypoint=list(command),
        user=f"{USER}:{USER}",
        hostname="host",
        working_dir="/",
        stdin_open=True,
        labels={KIND: "sandbox", NAME: name, owner.LABEL: owner.current()},
        host_config={**client.create_host_config(**config), "MaskedPaths": [], "ReadonlyPaths": []},
    )
    return str(made["Id"])


def room(limits: Limits) -> dict[str, Any]:
    """What the warden of a prepared sandbox is told of its limits; the container has the others."""
    return {
        "confined": True,
        "dies_first": True,
        "transport": "ipc",
        "disk": limits.disk_mb * MIB,
        "inodes": limits.disk_mb * FILES_PER_MIB,
        "limits": {},
        "threads": max(1, int(limits.cpus)),
    }


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
