"""The service as a process: listens, and ends well. Told to stop (SIGTERM) it takes nothing new, lets what runs end, and
goes; told twice it goes at once."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from grader.errors import BadInput
from grader.server.service import Service
from grader.worker.worker import Worker

GRACE = 20
"""Seconds that answers under way may take to end."""


class _Server(uvicorn.Server):
    """Uvicorn, with the signals left to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is a free one. Raises BadInput where there can be none."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInput(f"the service can't listen on {host} port {port}: {words}", "name another: --port") from None


def run(app: FastAPI, service: Service, at: socket.socket, worker: Worker | None, proxies: str) -> None:
    """Serve until told to stop, with a worker in the same process where there is one."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="off",
        timeout_graceful_shutdown=GRACE, forwarded_allow_ips=proxies,
    )  # fmt: skip
    server = _Server(config)

    def stop(*_: object) -> None:
        service.watch.close()
        server.force_exit = server.should_exit
        server.should_exit = True
        if worker is not None:
            worker.drain()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    working = threading.Thread(target=worker.run, name="worker") if worker is not None else None
    if working is not None:
        working.start()
    try:
        server.run(sockets=[at])
    finally:
        if worker is not None and working is not None:
            if not server.should_exit:
                worker.drain()  # the server broke: nobody is told to stop, and nobody is served
            working.join()
