"""Starts modules of ours in another Python over its standard input: images and environments need no file of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

_SOURCE = """
import json, os, sys, types
def take(size):
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit("the grader hung up")
        data += part
    return data
order = json.loads(take(int(take(8))))
for name, source in order["modules"].items():
    path = name.split(".")
    for depth in range(1, len(path)):
        parent = ".".join(path[:depth])
        sys.modules.setdefault(parent, types.ModuleType(parent))
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
module.main(*order["arguments"])
"""
COMMAND = ("python", "-I", "-c", _SOURCE)
PACKAGE = "grader.backends"
ZYGOTE = (
    "prepared.kernel_channels",
    "prepared.system",
    "prepared.private_root",
    "prepared.process_environment",
    "prepared.randomness",
    "prepared.kernel",
    "prepared.warden",
    "prepared.preload",
    "prepared.zygote",
)
"""The modules of a prepared process."""
KEEPER = ("stream", "work_folder", "sandbox_agent", *ZYGOTE, "prepared.room", "prepared.keeper")
"""The modules of a host container."""
POD_KEEPER = (*KEEPER, "prepared.pod_keeper")
"""The modules of a prepared pod."""
RESIDENT = (*ZYGOTE, "prepared.resident")
"""The modules of a prepared process of this machine."""


def message(modules: Sequence[str], *arguments: Any) -> bytes:
    """What to write to standard input first: modules of `grader.backends`, each after those that it imports.

    The last one's `main` is called with the arguments.
    """
    root = files(PACKAGE)
    sources = {
        f"{PACKAGE}.{name}": root.joinpath(*f"{name.replace('.', '/')}.py".split("/")).read_text("utf-8") for name in modules
    }
    text = json.dumps({"modules": sources, "arguments": arguments}).encode()
    return b"%08d" % len(text) + text
