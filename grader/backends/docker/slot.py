"""A host container: an unprivileged container in which prepared sandboxes live, one at a time.

One at a time, because the engine's limits (memory, processes, cores) hold for the container: so they hold exactly for
the sandbox, and who exhausts them hurts nobody else.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.backends.docker import confinement
from grader.backends.docker.attach import Attachment
from grader.backends.docker.containers import autopsy, remove
from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.backends.pipe import Pipe
from grader.backends.prepared import bootstrap, filters
from grader.backends.prepared.environment import CannotPrepare
from grader.backends.protocol import Ended
from grader.backends.tunnel import ask
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from docker import APIClient

    from grader.backends.protocol import Environment
    from grader.spec.limits import Limits

PREPARE_SECONDS = 120
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """What slots must agree in to stand in for one another."""

    image: str
    modules: tuple[str, ...]
    warm_up: str
    limits: Limits


class Slot:
    """A running host container whose zygote is ready."""

    def __init__(self, client: APIClient, kind: Kind, environment: Environment) -> None:
        """Start it and wait. Raises SandboxFailed, or CannotPrepare; then nothing is left."""
        self.kind = kind
        self._client = client
        self._container = ""
        self._closing = False
        self._attachment: Attachment | None = None
        self._pipe: Pipe | None = None
        ready = False
        try:
            self._start(environment)
            ready = True
        except (*ENGINE_ERRORS, TimeoutError) as error:
            raise SandboxFailed(
                f"a host container of {environment.spec.id} did not start: {says(error)}\n{self.errors}"
            ) from error
        finally:
            if not ready:
                self.close()

    @property
    def pipe(self) -> Pipe:
        """The pipe to its keeper."""
        if self._pipe is None:
            raise ConnectionResetError("the host container has no pipe")
        return self._pipe

    @property
    def usable(self) -> bool:
        """Whether another sandbox may be opened in it."""
        return self._pipe is not None and self._pipe.alive

    @property
    def errors(self) -> str:
        """The end of what its processes of ours printed to standard error."""
        return self._attachment.errors if self._attachment else ""

    def autopsy(self) -> Ended:
        """Why the container ended: by its limit, or through no act of the code in it, which can't reach process 1."""
        found = autopsy(self._client, self._container)
        return found if found.how == "out_of_memory" else Ended("vanished", found.detail)

    def close(self) -> None:
        """Remove the container and end the threads; never raises. May be called twice."""
        self._closing = True
        if self._pipe:
            self._pipe.close()
        if self._container:
            remove(self._client, self._container)
        if self._attachment:
            self._attachment.close()
            self._attachment.pipe.close()
        self._container, self._attachment = "", None

    def _start(self, environment: Environment) -> None:
        name = f"slot-{environment.spec.id}"
        self._container = confinement.host_container(self._client, self.kind.image, bootstrap.COMMAND, name, self.kind.limits)
        self._attachment = Attachment(self._client, self._container)
        self._attachment.pipe.sendall(bootstrap.message(bootstrap.KEEPER, self._settings()))
        self._pipe = Pipe(self._attachment.pipe, self._kill)
        self._client.start(self._container)
        answer = self._pipe.call(ask(self._pipe, {"do": "prepare"}), PREPARE_SECONDS)
        if answer.get("error") is not None:
            raise CannotPrepare(str(answer["error"]))
        log.debug("a host container of %s is ready after %s s", environment.spec.id, answer.get("seconds"))

    def _settings(self) -> dict[str, Any]:
        trial = {**confinement.room(self.kind.limits), "key": "scout", "endpoints": []}
        return {"modules": self.kind.modules, "warm_up": self.kind.warm_up, "seccomp": filters.programs(), "request": trial}

    def _kill(self) -> None:
        """In the pipe's thread: what broke a limit shall not go on until somebody looks."""
        if not self._closing:
            with suppress(*ENGINE_ERRORS):  # it has ended, or the engine is gone
                self._client.kill(self._container)
