"""Runs `mlops` for a request: in a process of its own, so that neither its work nor its end touches the Jupyter server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

MLOPS = (sys.executable, "-P", "-m", "grader.cli.entry")
MARK = "mlops: "
"""What the command's last word on standard error begins with, when it has no answer."""
OUR_FAULT = 3
TERMINATED_SECONDS = 20
Say = Callable[[str], None]


class Refused(Exception):
    """The command wrote no object; `message` says why and what to do next, `ours` that it is no fault of the person."""

    def __init__(self, message: str, ours: bool) -> None:
        super().__init__(message)
        self.message, self.ours = message, ours


async def run(arguments: list[str], say: Say = lambda _: None) -> dict[str, Any]:
    """The object that a command writes with `--json`; `say` hears each line of its progress.

    Raises Refused with its message when it writes none. When the task is cancelled, the command is ended first.
    """
    process = await asyncio.create_subprocess_exec(
        *MLOPS, *arguments, "--json", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True, env={**os.environ, "NO_COLOR": "1"}, limit=2**24,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        written, said = await asyncio.gather(process.stdout.read(), _listen(process.stderr, say))
        code = await process.wait()
    finally:
        await _end(process)
    lines = written.decode("utf-8", "replace").splitlines()
    if lines and lines[-1].startswith("{"):
        return dict(json.loads(lines[-1]))
    text = "\n".join(said)
    raise Refused(text.partition(MARK)[2] or text or f"mlops ended with code {code} and said nothing", code == OUR_FAULT)


async def _listen(stream: asyncio.StreamReader, say: Say) -> list[str]:
    said = []
    async for line in stream:
        said.append(line.decode("utf-8", "replace").rstrip())
        if not said[-1].startswith(MARK):
            say(said[-1])
    return said


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command that still runs, and give it time to stop what it started."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), TERMINATED_SECONDS)
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
