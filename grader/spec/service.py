"""A service: a live server that labs use, described once for all backends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from grader.spec.base import Document, Part, Slug

Port = Annotated[int, Field(ge=1, le=65535)]
_PLACEHOLDER = re.compile(r"\$\{([a-z0-9_.\-]+)\}")
_PEER = re.compile(r"peer\.([a-z0-9-]+)\.(host|port|secret\.[a-z0-9-]+)")


class Probe(Part):
    """How to see that the server answers: an HTTP path that returns 200, or (without a path) an open TCP port."""

    port: Slug
    http: str | None = Field(None, pattern=r"^/")
    seconds: int = Field(60, gt=0, description="How long a start may take before it counts as failed.")


class Setup(Part):
    """A command that runs before the first start, when `creates` (below the data folder) isn't there yet."""

    creates: str
    run: tuple[str, ...]


class ServiceSpec(Document):
    """`environments/services/<id>.yaml`.

    `command`, `variables`, `files` and `setup` may hold placeholders, filled in by the backend that hosts the service:
    `${bind}` the address to listen on · `${port.NAME}` · `${data}` the folder that survives a restart (emptied by a
    reset) · `${files}` the folder of `files` · `${secret.NAME}` · `${peer.SERVICE.host}` and `${peer.SERVICE.port}`
    of a service that this one needs · `${peer.SERVICE.secret.NAME}`.
    """

    environment: Slug
    needs: tuple[Slug, ...] = ()
    beside: tuple[Slug, ...] = Field((), description="Those of `needs` that may still be starting when this one starts.")
    ports: dict[Slug, Port] = Field(min_length=1, description="Preferred port numbers by name.")
    endpoint: Slug = Field(description="The one port that a sandbox may reach.")
    secrets: tuple[Slug, ...] = Field((), description="Generated once an instance; a learner never holds them.")
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    setup: tuple[Setup, ...] = ()
    command: tuple[str, ...] = Field(min_length=1)
    ready: Probe
    memory_mb: int = Field(1024, ge=64)

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> ServiceSpec:
        known = {"bind", "data", "files"} | {f"port.{p}" for p in self.ports} | {f"secret.{s}" for s in self.secrets}
        texts = [*self.command, *self.variables.values(), *self.files.values(), *(a for s in self.setup for a in s.run)]
        for name in sorted({n for text in texts for n in _PLACEHOLDER.findall(text)} - known):
            peer = _PEER.fullmatch(name)
            if peer is None or peer.group(1) not in self.needs:
                raise ValueError(f"unknown placeholder ${{{name}}} (known: {', '.join(sorted(known))}, peer.<need>.…)")
        if strangers := set(self.beside) - set(self.needs):
            raise ValueError(f"beside names {', '.join(sorted(strangers))}, which needs does not (name it there, too)")
        for name in (self.endpoint, self.ready.port):
            if name not in self.ports:
                raise ValueError(f"port {name!r} is not among ports (name one of: {', '.join(self.ports)})")
        return self

    def render(self, values: Mapping[str, str]) -> RenderedService:
        """Fill in the placeholders. `values` maps names such as `port.http` to texts; a missing one is a KeyError."""

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)

        return RenderedService(
            command=tuple(map(fill, self.command)),
            variables={k: fill(v) for k, v in self.variables.items()},
            files={k: fill(v) for k, v in self.files.items()},
            setup=tuple(Setup(creates=s.creates, run=tuple(map(fill, s.run))) for s in self.setup),
        )


class RenderedService(Part):
    """A service's command line, environment variables, files and set-up with nothing left to fill in."""

    command: tuple[str, ...]
    variables: dict[str, str]
    files: dict[str, str]
    setup: tuple[Setup, ...]
