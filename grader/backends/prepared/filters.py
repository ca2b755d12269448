"""The grader's side of seccomp: what a host container gets, and what its sandboxes get on top."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

BUILDS_ROOMS = ("unshare", "mount", "umount2", "pivot_root", "mount_setattr", "sethostname")
"""What Docker's own profile refuses, and the building of a sandbox's namespaces and root needs. Only our code runs under
this: a sandbox's own filter refuses them again before any student's code runs."""


@cache
def host_profile() -> str:
    """Docker's profile plus BUILDS_ROOMS, as JSON text for the engine."""
    profile = json.loads(_read("engine-default.json"))
    profile["syscalls"].append({"names": list(BUILDS_ROOMS), "action": "SCMP_ACT_ALLOW"})
    return json.dumps(profile)


@cache
def programs() -> dict[str, str]:
    """The sandboxes' filter by machine: BPF programs in base64."""
    return dict(json.loads(_read("filters.json")))


def _read(name: str) -> str:
    return files("grader.backends.prepared.seccomp").joinpath(name).read_text("utf-8")
