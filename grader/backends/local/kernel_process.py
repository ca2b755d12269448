"""Started by a virtual environment's own Python: sets the limits that this system has, then becomes an IPython kernel.

Arguments: the connection file to write, and the limits as JSON. Runs without the grader's package on its path.
"""

import json
import runpy
import sys


def limit(limits: dict) -> None:  # type: ignore[type-arg]  # plain dict of numbers from JSON
    """Memory, file size and CPU time, where the system knows them (not on Windows); no core dumps."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        "RLIMIT_DATA": limits["memory_mb"] << 20,
        "RLIMIT_FSIZE": limits["file_mb"] << 20,
        "RLIMIT_CPU": limits["cpu_seconds"],
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (min(value, hard) if hard >= 0 else value, hard))


if __name__ == "__main__":
    connection_file, limits_json = sys.argv[1:]
    limit(json.loads(limits_json))
    sys.argv = ["ipykernel_launcher", "-f", connection_file, "--HistoryManager.enabled=False", "--quiet"]
    sys.path.pop(0)
    runpy.run_module("ipykernel_launcher", run_name="__main__")
