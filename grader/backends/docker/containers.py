"""The end of a container: making it, and finding out why it came."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from docker.errors import NotFound

from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.backends.protocol import Ended

if TYPE_CHECKING:
    from docker import APIClient

DEATH_SECONDS = 10
KILLED = 137
"""Status of a container whose process 1 got SIGKILL. Nothing inside can send it that, so it came from outside."""
log = logging.getLogger(__name__)


def autopsy(client: APIClient, container: str) -> Ended:
    """Why the pipe to a container broke with nobody saying why."""
    try:
        client.wait(container, timeout=DEATH_SECONDS)
        state = client.inspect_container(container)["State"]
    except NotFound:
        return Ended("vanished", "its container was removed from outside")
    except ENGINE_ERRORS as error:
        return Ended("vanished", f"the engine does not answer for its container: {says(error)}")
    if state.get("OOMKilled"):
        return Ended("out_of_memory", "everything in the sandbox was killed at the memory limit")
    if state.get("ExitCode") == KILLED:
        return Ended("vanished", "its container was killed from outside")
    return Ended("exited", f"the sandbox's first process ended with status {state.get('ExitCode')}")


def remove(client: APIClient, container: str) -> None:
    """Kill and remove a container, if it is there; an engine that refuses is only logged."""
    try:
        client.remove_container(container, force=True, v=True)
    except NotFound:
        pass
    except ENGINE_ERRORS as error:
        log.warning("container %s was not removed: %s", container, says(error))
