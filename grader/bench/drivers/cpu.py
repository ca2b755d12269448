"""CPU seconds of what runs outside the grader's process: sandboxes and services, on each backend."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import psutil
from docker import APIClient

from grader.backends import owner
from grader.backends.containment import KIND
from grader.backends.docker.hosting import INSTANCE
from grader.backends.local.processes import MARK

NANO = 1e-9


def of_backend(name: str, instance: str, home: Path) -> dict[str, float]:
    """CPU seconds used so far by this process's sandboxes (or those below `home`) and by the services of this instance.

    What a host container or a prepared process used before it ended is no longer counted: the sandboxes' part is a
    lower bound in batches that end one. Of a cluster's pods nothing is known: another machine may run them.
    """
    if name == "kubernetes":
        return {}
    if name == "docker":
        return _of_containers(instance)
    mine = chain(_marked("prepared:", below=str(home)), _marked(f"sandbox:{os.getpid()}@"))
    return {"sandboxes": sum(map(_used, mine)), "services": sum(map(_used, _marked(f"service:{instance}:")))}


def _of_containers(instance: str) -> dict[str, float]:
    with contextlib.closing(APIClient()) as client:
        kinds = {
            kind: client.containers(filters={"label": f"{KIND}={name}"})
            for kind, name in (("sandboxes", "sandbox"), ("services", "service"))
        }
        mine = [one["Id"] for one in kinds["sandboxes"] if _owned(one["Labels"].get(owner.LABEL, "{}"))]
        hosted = [one["Id"] for one in kinds["services"] if one["Labels"].get(INSTANCE) == instance]
        return {"sandboxes": sum(_usage(client, one) for one in mine), "services": sum(_usage(client, one) for one in hosted)}


def _owned(label: str) -> bool:
    return bool(json.loads(label).get("pid") == os.getpid())


def _usage(client: APIClient, container: str) -> float:
    stats = client.stats(container, stream=False, one_shot=True)
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) * NANO


def _marked(prefix: str, below: str = "") -> Iterator[psutil.Process]:
    """Processes with a mark that begins so, and whose home lies `below`."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            variables = process.environ()
            if variables.get(MARK, "").startswith(prefix) and variables.get("HOME", "").startswith(below):
                yield process


def _used(process: psutil.Process) -> float:
    """Of the process and of its children that have ended."""
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0
