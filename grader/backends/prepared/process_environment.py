"""The environment that other processes see in /proc/<pid>/environ: the memory that exec filled, not `os.environ`."""

from __future__ import annotations

import ctypes
from pathlib import Path

_START, _END = 47, 48
"""Fields of /proc/<pid>/stat that follow the command's name: where that memory starts and ends."""


def replace(variables: dict[str, str]) -> None:
    """Put as many whole variables as fit in the place of the ones that this process was started with."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_START]), int(fields[_END])
    if not start < end:
        return  # this process may not know its own addresses
    content = b""
    for name, value in variables.items():
        entry = f"{name}={value}".encode() + b"\0"
        if len(content) + len(entry) <= end - start:
            content += entry
    ctypes.memmove(start, content.ljust(end - start, b"\0"), end - start)
