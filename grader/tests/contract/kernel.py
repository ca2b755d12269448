"""Putting code to a sandbox's kernel, and waiting for what must come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from jupyter_client.blocking.client import BlockingKernelClient

from grader.backends.protocol import Connection, Ended, Sandbox

SECONDS = 30


class Kernel:
    """A client of a sandbox's kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str, seconds: float = SECONDS) -> str:
        """What the code printed, or its error as `Name: message`."""
        parts: list[str] = []

        def keep(message: dict[str, object]) -> None:
            content = message["content"]
            assert isinstance(content, dict)
            if message["msg_type"] == "stream":
                parts.append(content["text"])
            elif message["msg_type"] == "error":
                parts.append(f"{content['ename']}: {content['evalue']}")

        # Else ipykernel drops what comes within a moment after a cell that failed.
        self.client.execute_interactive(code, output_hook=keep, timeout=seconds, stop_on_error=False)
        return "".join(parts)

    def send(self, code: str) -> None:
        """Start the code and don't wait for it."""
        self.client.execute(code, stop_on_error=False)

    def outcome(self) -> str:
        """How the code that was sent ended: `ok`, or the name of its error."""
        content = self.client.get_shell_msg(timeout=SECONDS)["content"]
        return str(content.get("ename", content["status"]))


@contextmanager
def kernel_of(connection: Connection) -> Iterator[Kernel]:
    """A connected client; its sockets are closed at the end."""
    client = BlockingKernelClient()
    client.load_connection_info(
        {
            "transport": "tcp",
            "ip": connection.host,
            "signature_scheme": "hmac-sha256",
            **{name: value for name, value in vars(connection).items() if name.endswith("_port") or name == "key"},
        }
    )
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield Kernel(client)
    finally:
        client.stop_channels()


def wait_until(condition: Callable[[], object], seconds: float = SECONDS) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end_of(sandbox: Sandbox, seconds: float = SECONDS) -> Ended:
    """How the sandbox ended, once it has."""
    assert wait_until(lambda: sandbox.poll() is not None, seconds), "the sandbox goes on"
    ended = sandbox.poll()
    assert ended is not None
    return ended


def processes_with(marker: str) -> list[str]:
    """The command lines on this machine that hold the marker (containers' too, where the engine runs on its kernel)."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if marker in line:
            found.append(line)
    return found
