"""Whether a kernel answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import zmq
from jupyter_client.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.backends.protocol import Connection

LOOK_MS = 100


def answers(connection: Connection, seconds: float, given_up: Callable[[], bool]) -> bool:
    """Wait until the kernel replies to a kernel_info_request; False after `seconds` or once `given_up()`."""
    session = Session(key=connection.key)
    context = zmq.Context()
    shell = context.socket(zmq.DEALER)
    shell.linger = 0
    try:
        shell.connect(f"tcp://{connection.host}:{connection.shell_port}")
        session.send(shell, "kernel_info_request")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not given_up():
            if shell.poll(LOOK_MS):
                return True
        return False
    finally:
        context.destroy(linger=0)
