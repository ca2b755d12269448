"""Started by a virtual environment's own Python: sets the limits that this system has, then becomes an IPython kernel.

Arguments: the connection file to write, and the limits as JSON. Runs without the grader's package on its path. On Linux
the kernel is a child of this process, which adopts every orphan: so also a daemon with an empty environment is found.
"""

import ctypes
import json
import os
import runpy
import signal
import sys

SET_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36
"""Options of prctl(2), from linux/prctl.h."""


def limit(limits: dict) -> None:  # type: ignore[type-arg]  # plain dict of numbers from JSON
    """Set the limits by name, where the system knows them (not on Windows)."""
    if sys.platform == "win32":
        return
    import resource

    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (min(value, hard) if hard >= 0 else value, hard))


def supervise() -> None:
    """On Linux return in a child of this process, which waits for it, ends as it ends, and dies with its own parent."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    child = os.fork()
    if not child:
        os.environ["JPY_PARENT_PID"] = str(os.getppid())  # ipykernel ends itself when this is no more its parent
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is meant for the kernel
    status = next(status for pid, status in iter(os.wait, None) if pid == child)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    connection_file, limits_json = sys.argv[1:]
    supervise()
    limit(json.loads(limits_json))
    sys.argv = ["ipykernel_launcher", "-f", connection_file, "--HistoryManager.enabled=False", "--quiet"]
    sys.path.pop(0)
    runpy.run_module("ipykernel_launcher", run_name="__main__")
