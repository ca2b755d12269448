"""Port numbers that are free on this machine's loopback."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


def choose(preferred: Mapping[str, int]) -> dict[str, int]:
    """The preferred number of each port where it is free, else one that the system picks; never one number twice."""
    with contextlib.ExitStack() as held:
        return {name: held.enter_context(_bound(port)).getsockname()[1] for name, port in preferred.items()}


def _bound(port: int) -> socket.socket:
    """A socket that holds the port (or another) until it is closed, so that no two names get the same."""
    for number in (port, 0):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", number))
        except OSError:
            taken.close()
        else:
            return taken
    raise OSError("no free port on loopback")
