"""After the installation a learner needs no network: everything that follows runs where there is none but loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course.tree import Lab, find_course
from grader.tests import kept
from grader.tests.path.conftest import MLOPS, Command
from grader.tests.path.test_command import NOTEBOOK, solve

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]

APART = ["--net"] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps", "--net"]
LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
names = [name for _, name in socket.if_nameindex()]
assert names == ["lo"], names
held = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1].split(",")]
for one in held:
    one.set_inheritable(True)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """One who has installed what lab 04 needs."""
    command = Command(kept.home(tmp_path_factory.mktemp("offline")), tmp_path_factory.mktemp("offline-work"))
    done = command("install", "04")
    assert done.stdout.endswith("From here on 04-experiment-tracking needs no network.\n"), done.stderr
    yield command
    command("stop")


def alone(learner: Command, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where loopback is the only network, and the services' usual ports are taken.

    A service outside may have them, and SeaweedFS names sockets in /tmp, which is the same for both, by its ports.
    """
    usual = ",".join(str(port) for service in find_course().services() for port in service.ports.values())
    command = ["unshare", *APART, sys.executable, "-c", LOOPBACK, usual, "sh", "-euc", script]
    return subprocess.run(command, capture_output=True, text=True, env=learner.variables, cwd=learner.work, check=False)


@pytest.fixture(scope="module", autouse=True)
def _can_be_cut(learner: Command) -> None:
    """Cutting it takes a right that not every machine gives."""
    try:
        done = alone(learner, "true")
    except FileNotFoundError:
        pytest.skip("the network can't be cut here: there is no unshare (Linux, util-linux)")
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip(f"the network can't be cut here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr


def test_a_learner_s_session_without_a_network(learner: Command, lab04: Lab, tmp_path: Path) -> None:
    """start, check, hint, quiz, a solved check, submit and stop: not one of them asks anybody outside."""
    mlops, folder = MLOPS[0], learner.work / "04-experiment-tracking"
    done = alone(
        learner,
        f"{mlops} start 04; {mlops} check || test $? = 1; {mlops} hint; echo q | {mlops} quiz 04 || test $? = 1; {mlops} stop",
    )
    assert done.returncode == 0, done.stderr
    assert "0/100" in done.stdout
    solve(folder / NOTEBOOK, lab04, [task.id for task in lab04.spec.tasks])
    done = alone(learner, f"{mlops} start 04; {mlops} check; {mlops} submit --out {tmp_path}/x.zip; {mlops} stop")
    assert done.returncode == 0, done.stderr
    assert "100/100" in done.stdout
    assert (tmp_path / "x.zip").stat().st_size > 0
