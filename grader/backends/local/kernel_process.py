"""Started by a virtual environment's own Python: sets the limits that this system has, then becomes an IPython kernel.

Arguments: the connection file to write, and the limits as JSON. Runs without the grader's package on its path.
"""

import json
import runpy
import sys


def limit(limits: dict) -> None:  # type: ignore[type-arg]  # plain dict of numbers from JSON
    """Set the limits by name, where the system knows them (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (min(value, hard) if hard >= 0 else value, hard))


if __name__ == "__main__":
    connection_file, limits_json = sys.argv[1:]
    limit(json.loads(limits_json))
    sys.argv = ["ipykernel_launcher", "-f", connection_file, "--HistoryManager.enabled=False", "--quiet"]
    sys.path.pop(0)
    runpy.run_module("ipykernel_launcher", run_name="__main__")
