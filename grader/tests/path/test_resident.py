"""A command that the resident process does is the command: same answer, same exit code, and Ctrl-C reaches it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from grader.cli import quick
from grader.tests.path.conftest import Command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries don't survive a fork on this system")
SECONDS = 120
HERE = [sys.executable, "-c", "from grader.cli.main import run_here; run_here()"]
"""The command without the resident."""


def until(holds: Callable[[], bool]) -> bool:
    """Whether it holds within SECONDS."""
    deadline = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)  # another process's doing; nothing tells when
    return holds()


def residents(home: Path) -> list[psutil.Process]:
    """The resident processes of a home and the commands that they run."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(home / "resident") in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A command whose home has a resident."""
    command = Command(tmp_path_factory.mktemp("resident-home"), tmp_path_factory.mktemp("resident-work"))
    quick.start(command.home)
    assert until(lambda: quick.place(command.home).exists())
    yield command
    quick.stop(command.home)


def test_the_answer_is_the_same(served: Command) -> None:
    """Output, messages and exit code are those of the command that runs by itself, in the caller's folder and environment."""
    for arguments in (["status"], ["hint"], ["check", "nonsense"], ["check", "--backend"], ["reset", "--help"]):
        quickly = served(*arguments)
        slowly = subprocess.run(
            [*HERE, *arguments], capture_output=True, text=True, env=served.variables, cwd=served.work, check=False
        )
        assert (quickly.returncode, quickly.stdout, quickly.stderr) == (
            slowly.returncode, slowly.stdout, slowly.stderr,
        )  # fmt: skip
    assert quick.run(served.home, ["demo"]) is None


def test_it_is_the_resident_that_answers(served: Command) -> None:
    """The command's own process imports nothing of what it needs: it is over before that could be done."""
    began = time.monotonic()
    assert served("hint").returncode == 2
    (resident,) = residents(served.home)
    assert resident.create_time() < time.time() - (time.monotonic() - began)


def waiting(served: Command) -> subprocess.Popen[bytes]:
    """A command that waits for an answer, in the resident."""
    client = subprocess.Popen(
        [str(Path(sys.executable).with_name("mlops")), "quiz", "04"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=served.variables, cwd=served.work,
    )  # fmt: skip
    assert until(lambda: len(residents(served.home)) == 2), client.communicate()
    return client


def test_ctrl_c_reaches_the_command(served: Command) -> None:
    """A signal to the client ends the command where it runs; the client waits for it and passes its exit code on."""
    client = waiting(served)
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=SECONDS)
    assert client.returncode in (1, 130)
    assert until(lambda: len(residents(served.home)) == 1)


def test_a_client_that_is_killed_takes_its_command_along(served: Command) -> None:
    """Nobody waits for its answer any more."""
    client = waiting(served)
    client.kill()
    client.communicate()
    assert until(lambda: len(residents(served.home)) == 1)


def test_other_code_is_another_resident(served: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was started by another version, or another Python, is never asked."""
    monkeypatch.setattr(sys, "executable", "/opt/another/python")
    assert quick.run(served.home, ["status"]) is None
    assert not quick.place(served.home).exists()


def test_stop_ends_it(served: Command) -> None:
    """After `mlops stop` no process is left, and commands run by themselves."""
    assert served("stop").returncode == 0
    assert until(lambda: residents(served.home) == [])
    assert quick.run(served.home, ["status"]) is None
    assert served("status").returncode == 0


def test_stop_waits_for_a_command_that_nobody_waits_for(tmp_path: Path) -> None:
    """It may tidy up on services that are stopped next."""
    mine = Command(tmp_path, tmp_path)
    quick.start(tmp_path)
    assert until(lambda: quick.place(tmp_path).exists())
    (resident,) = residents(tmp_path)
    client = waiting(mine)
    (command,) = resident.children()
    command.suspend()
    client.kill()
    client.wait()
    threading.Timer(1, command.resume).start()
    quick.stop(tmp_path)
    assert not command.is_running()


def test_stop_ends_one_that_only_starts(tmp_path: Path) -> None:
    """It has no socket yet on which it could be asked: it is ended all the same, and doesn't stay for hours."""
    quick.start(tmp_path)
    assert until(lambda: len(residents(tmp_path)) == 1)
    quick.stop(tmp_path)
    assert residents(tmp_path) == []
