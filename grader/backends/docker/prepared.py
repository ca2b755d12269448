"""A sandbox that is a fork of a prepared process, in a host container."""

from __future__ import annotations

import logging
import secrets
import threading
from typing import TYPE_CHECKING

from grader.backends import containment
from grader.backends.docker import confinement
from grader.backends.docker.slot import Kind
from grader.backends.prepared.environment import to_import
from grader.backends.protocol import Ended
from grader.backends.tunnel import Tunnel
from grader.backends.tunnelled import Tunnelled, output_cap
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from grader.backends.docker.slots import Slots
    from grader.backends.protocol import SandboxRequest

START_SECONDS = 60
CLOSE_SECONDS = 20
log = logging.getLogger(__name__)
CLEAN = ("exited",)
"""Ends after which the slot may have another sandbox. A limit that was hit, or an end that nobody explains, ends it too."""


class PreparedSandbox(Tunnelled):
    """See `grader.backends.protocol.Sandbox`."""

    def __init__(self, slots: Slots, image: str, request: SandboxRequest) -> None:
        """Fork it and wait until its kernel answers. Raises SandboxFailed, or CannotPrepare, leaving nothing."""
        self._request, self._slots = request, slots
        self._closing = threading.Lock()
        self._closed = False
        self._ended: Ended | None = None
        self._tunnel = None
        kind = Kind(image, *to_import(request.environment), containment.of_container(request.limits))
        self._slot = slots.take(kind, request.environment)
        started = False
        try:
            self._start()
            started = True
        except (OSError, TimeoutError) as error:
            log.warning("sandbox %s did not start, its host container printed:\n%s", request.name, self._slot.errors)
            raise SandboxFailed(f"sandbox {request.name} did not start: {error}") from error
        finally:
            if not started:
                self._discard()

    def poll(self) -> Ended | None:
        """None while the kernel lives."""
        pipe, tunnel = self._slot.pipe, self._tunnel
        if self._ended is None and tunnel is not None:
            if pipe.garbage:  # the keeper is out of the student's reach
                self._ended = Ended("vanished", pipe.garbage)
            else:
                self._ended = tunnel.ended or (None if pipe.alive else self._slot.autopsy())
        return self._ended

    def close(self) -> None:
        """End everything in it; the slot goes back, or ends as well. Never raises."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            ended = self.poll()
            if ended is not None and ended.how not in CLEAN:
                self._discard()
                return
            try:
                tunnel = self._living_tunnel()
                tunnel.close()
                tunnel.erase(CLOSE_SECONDS)
            except (OSError, TimeoutError):
                self._discard()
            else:
                self._slots.give_back(self._slot)

    def _start(self) -> None:
        request = self._request
        outside = {endpoint.service: endpoint.outside for endpoint in request.endpoints}
        name = f"{request.name}-{secrets.token_hex(4)}"
        self._tunnel = tunnel = Tunnel(self._slot.pipe, outside, output_cap(request), name)
        ports = {endpoint.service: endpoint.preferred_port for endpoint in request.endpoints}
        room = confinement.room(request.limits)
        problem = tunnel.start(request.files, containment.variables(request), ports, START_SECONDS, **room)
        if problem:
            raise ConnectionAbortedError(problem)
        self.connection = tunnel.connection

    def _discard(self) -> None:
        self._closed = True
        self._slot.close()
