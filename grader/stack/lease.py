"""A run's own namespace on each service: opened before it, closed after it, whatever it did."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from grader.backends.protocol import Backend, Endpoint, Running
from grader.errors import ServiceFailed
from grader.services.protocol import Service
from grader.stack.stack import Stack, in_order


@dataclass(frozen=True)
class Lease:
    """What a run may use, and the grader's own way to look at it."""

    namespace: str
    services: Mapping[str, Service]
    endpoints: tuple[Endpoint, ...]
    variables: Mapping[str, str]
    parameters: Mapping[str, Any]
    same: Callable[[], None]
    """Raises ServiceFailed when a server has ended since the lease began: another may answer in its place by now."""

    def questions(self) -> dict[str, Any]:
        """The read-only question-askers by service."""
        return {name: service.questions(self.namespace) for name, service in self.services.items()}

    def check(self) -> None:
        """Raise ServiceFailed unless every service still answers, and is the one that the run began with: a verdict on a
        service that was away for a moment would be a lie."""
        for service in self.services.values():
            service.check()
        self.same()


@contextlib.contextmanager
def lease(
    stack: Stack, running: Mapping[str, Running], services: Sequence[str], backend: Backend, namespace: str = ""
) -> Iterator[Lease]:
    """Open a namespace on each service (a fresh one, removed at the end, unless it is named). Raises ServiceFailed."""
    name = namespace or f"run-{secrets.token_hex(6)}"
    everything = in_order(stack.course, services)
    specs = [spec for spec in everything if spec.id in services]
    clients = {spec.id: stack.service(running[spec.id]) for spec in specs}
    with contextlib.ExitStack() as opened:
        if not namespace:
            for client in clients.values():
                opened.callback(client.close, name)
        endpoints = tuple(Endpoint(spec.id, running[spec.id].address, spec.ports[spec.endpoint]) for spec in specs)
        with ThreadPoolExecutor() as beside:
            grants = beside.map(lambda one: clients[one.service].open(name, backend.inside(one)), endpoints)
        variables: dict[str, str] = {}
        parameters: dict[str, Any] = {}
        for grant in grants:
            variables |= grant.variables
            parameters |= grant.parameters
        servers = [running[spec.id] for spec in everything]
        yield Lease(name, clients, endpoints, variables, parameters, lambda: _demand_alive(backend, servers))


def _demand_alive(backend: Backend, servers: Sequence[Running]) -> None:
    for server in servers:
        ended = backend.poll(server)
        if ended is not None:
            raise ServiceFailed(f"{server.service} ended during the run: {ended}")
