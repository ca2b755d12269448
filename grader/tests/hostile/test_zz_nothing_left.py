"""After all the hostile cases (this file sorts last) the machine holds what it held before, and so does our own process."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from grader.tests.hostile.arena import Arena, processes_with

MOST = 150
"""What a pool of waiting sandboxes and two stacks' clients may hold."""
pytestmark = [pytest.mark.services, pytest.mark.docker]


def test_no_sandbox_container_or_network_is_left(arenas: Callable[[str], Arena]) -> None:
    """No container carries the name of a sandbox that was opened, and no network was made but the services' own."""
    arena = arenas("docker")
    names = {request.name for request in arena.watched.requests}
    client = arena.watched._client
    left = [one["Names"] for one in client.containers(all=True) if one["Labels"].get("mlops-course.name") in names]
    networks = [one["Name"] for one in client.networks() if arena.stack.instance in one["Name"]]
    assert (left, networks) == ([], [f"mlops-{arena.stack.instance}"])


def test_no_process_or_folder_is_left(arenas: Callable[[str], Arena]) -> None:
    """Nothing that a hostile case started runs, no sandbox's folder is in the temporary folder, nothing is mounted there."""
    names = {request.name for request in arenas("docker").watched.requests}
    folders = [path.name for path in Path(tempfile.gettempdir()).glob("mlops-*") if any(name in path.name for name in names)]
    mounts = [part.mountpoint for part in psutil.disk_partitions(all=True) if any(name in part.mountpoint for name in names)]
    assert (processes_with("attack-"), folders, mounts) == ([], [], [])


def test_our_own_process_lost_nothing(arenas: Callable[[str], Arena]) -> None:
    """Threads don't grow with the number of runs, and descriptors by less than one a run."""
    arena, me = arenas("docker"), psutil.Process()
    assert (threading.active_count() < MOST, me.num_fds() < MOST + len(arena.watched.requests)) == (True, True)
