"""A command in a fork says its exit code, and tidies up after that."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import answered

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the resident process")


def fork(do: Callable[[], None]) -> int:
    """The id of a process that does it, and ends."""
    pid = os.fork()
    if not pid:
        try:
            do()
        finally:
            os._exit(9)
    return pid


def test_the_caller_hears_the_code_while_the_command_goes_on(tmp_path: Path) -> None:
    """It has the code and the end of the output at once. After that neither Ctrl-C nor a termination ends the command, and what
    it says goes to the log."""
    caller, mine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    output, out = os.pipe()
    go_on, gone_on = os.pipe()

    def command() -> None:
        os.dup2(out, 1)
        os.close(out)
        os.close(gone_on)
        answered.expected_by(mine, os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY))
        os.write(1, b"the answer")
        answered.answer(7)
        os.read(go_on, 1)
        os.write(1, b"tidied up")

    pid = fork(command)
    for end in (out, go_on):
        os.close(end)
    mine.close()
    assert json.loads(caller.recv(100)) == {"code": 7}
    with os.fdopen(output, "rb") as said:
        assert said.read() == b"the answer"
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    os.close(gone_on)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert (tmp_path / "log").read_bytes() == b"tidied up"
    assert caller.recv(100) == b""


def test_a_command_of_its_own_tidies_up_first() -> None:
    """Where nobody else waits, nothing is said early, and signals stay what they are."""
    before = signal.getsignal(signal.SIGTERM)
    answered.answer(1)
    assert signal.getsignal(signal.SIGTERM) is before
