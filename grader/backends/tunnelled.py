"""What sandboxes in containers do through their tunnel."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from grader.backends.protocol import Connection, Ended, SandboxRequest
    from grader.backends.tunnel import Tunnel

ANSWER_SECONDS = 30
"""How long the agent may take over a question: it may compete with the student's processes for the sandbox's cores."""
OUTPUT_ALLOWANCE = 8 * 1024 * 1024
"""Bytes on the kernel's channels that are no output of cells: echoes of their code, message headers, answers."""
log = logging.getLogger(__name__)


class Tunnelled:
    """A sandbox with a tunnel; see `grader.backends.protocol.Sandbox`."""

    connection: Connection
    _request: SandboxRequest
    _tunnel: Tunnel | None

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process group; nothing happens when it has ended."""
        try:
            self._living_tunnel().interrupt(ANSWER_SECONDS)
        except (ConnectionError, TimeoutError) as error:
            log.info("sandbox %s could not be interrupted: %s", self._request.name, error)

    def read(self, path: str, cap: int) -> bytes:
        """At most `cap` bytes of a regular file in the work folder. Raises FileNotFoundError, ValueError."""
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts or not inside.parts or "\0" in path:
            raise ValueError(f"{path!r} is not inside the work folder")
        try:
            return self._living_tunnel().read(path, cap, ANSWER_SECONDS)
        except TimeoutError as error:
            raise ValueError(f"{path} could not be read within {ANSWER_SECONDS} s") from error
        except ConnectionError as error:
            ended = self.poll()
            if ended and ended.how == "vanished":
                raise SandboxFailed(f"sandbox {self._request.name} vanished: {ended.detail}") from error
            raise FileNotFoundError(f"{path}: its sandbox has ended") from error

    def _living_tunnel(self) -> Tunnel:
        if self._tunnel is None:
            raise ConnectionResetError("the sandbox has no pipe")
        return self._tunnel


def output_cap(request: SandboxRequest) -> int:
    """The most bytes that the kernel may send on all of its channels together."""
    return request.limits.output_mb * 1024 * 1024 + OUTPUT_ALLOWANCE
