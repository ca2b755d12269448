"""Waits until a service answers."""

from __future__ import annotations

import socket
import time

import requests

from grader.backends.protocol import Backend, Running
from grader.errors import ServiceFailed
from grader.services.protocol import Service
from grader.spec.service import ServiceSpec

INTERVAL = 0.1


def ready(backend: Backend, running: Running, spec: ServiceSpec, client: Service) -> str:
    """Wait until the probe succeeds and the service answers its administrator; return "" or what went wrong."""
    deadline = time.monotonic() + spec.ready.seconds
    problem = "it never answered"
    while time.monotonic() < deadline:
        ended = backend.poll(running)
        if ended:
            return ended
        problem = _probe(running, spec)
        if not problem:
            try:
                client.check()
            except ServiceFailed as error:
                problem = str(error)
            else:
                return ""
        time.sleep(INTERVAL)
    return f"not ready within {spec.ready.seconds} s: {problem}"


def _probe(running: Running, spec: ServiceSpec) -> str:
    at = running.ports[spec.ready.port]
    try:
        if spec.ready.http is None:
            with socket.create_connection((at.host, at.port), timeout=2) as connection:
                return _hung_up(connection)
        status = requests.get(at.url + spec.ready.http, timeout=5).status_code
    except (OSError, requests.RequestException) as error:
        return f"{at} does not answer ({type(error).__name__})"
    return "" if status == requests.codes.ok else f"{at}{spec.ready.http} answers {status}"


def _hung_up(connection: socket.socket) -> str:
    """A container engine's proxy accepts before the service listens, and then hangs up at once; a service waits."""
    connection.settimeout(0.2)
    try:
        return "" if connection.recv(1) else "the connection is closed at once"
    except TimeoutError:
        return ""
