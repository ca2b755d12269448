"""Port numbers that are free on this machine's loopback."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

import psutil

from grader.errors import BadInput

VARIABLE = "MLOPS_PORTS"
"""`free`: services get ports that the system picks, never their usual ones. For two homes that start services at once: between
the choice of a usual port and its use the other one may choose it, too."""


def choose(preferred: Mapping[str, int], demanded: Mapping[str, int] | None = None) -> dict[str, int]:
    """The preferred number of each port where it is free, else one that the system picks; never one number twice.

    A number that a person `demanded` is the number or none: raises BadInput when it is taken.
    """
    demanded = demanded or {}
    with contextlib.ExitStack() as held:
        given = {name: held.enter_context(_demanded(port)).getsockname()[1] for name, port in demanded.items()}
        usual = os.environ.get(VARIABLE) != "free"
        rest = {name: port if usual else 0 for name, port in preferred.items() if name not in demanded}
        chosen = {name: held.enter_context(_preferred(port)).getsockname()[1] for name, port in rest.items()}
    return {name: {**given, **chosen}[name] for name in preferred}


def _preferred(port: int) -> socket.socket:
    """A socket that holds the port (or another) until it is closed, so that no two names get the same."""
    for number in (port, 0):
        with contextlib.suppress(OSError):
            return _bound(number)
    raise OSError("no free port on loopback")


def _demanded(port: int) -> socket.socket:
    try:
        return _bound(port)
    except OSError as error:
        raise BadInput(f"port {port} is taken{_holder(port)}: {error.strerror}", "name another one, or none at all") from None


def _bound(port: int) -> socket.socket:
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError:
        taken.close()
        raise
    return taken


def _holder(port: int) -> str:
    """By whom, as far as this system tells: ` by jupyter-lab (process 4711)`."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN" and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
