"""What the docker backend's sandboxes forbid, and how their ends are told apart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import docker
import psutil
import pytest

from grader.backends.docker.sandbox import DockerSandbox
from grader.backends.protocol import Ended
from grader.spec.limits import Limits
from grader.tests.contract.kernel import end_of, kernel_of, wait_until

if TYPE_CHECKING:
    from docker.models.containers import Container

    from grader.tests.contract.conftest import Opener

pytestmark = pytest.mark.docker


def container_of(sandbox: object) -> Container:
    assert isinstance(sandbox, DockerSandbox)
    return docker.from_env().containers.get(sandbox._container)


def test_the_confinement_as_the_engine_sees_it(opened: Opener) -> None:
    """Nothing of the machine is shared, and every limit is set."""
    limits = Limits.model_validate({"memory_mb": 300, "processes": 50, "disk_mb": 20, "file_mb": 10, "cpus": 0.5})
    attributes = container_of(opened(limits=limits)).attrs
    config, host = attributes["Config"], attributes["HostConfig"]
    tmpfs = "rw,exec,nosuid,nodev,size=20m,nr_inodes=1280,uid=65534,gid=65534,mode=0700"
    assert {
        "user": config["User"],
        "network": host["NetworkMode"],
        "privileged": host["Privileged"],
        "read_only": host["ReadonlyRootfs"],
        "binds": host["Binds"],
        "mounts": attributes["Mounts"],
        "tmpfs": host["Tmpfs"],
        "cap_drop": host["CapDrop"],
        "cap_add": host["CapAdd"],
        "security": host["SecurityOpt"],
        "pids": host["PidsLimit"],
        "memory": (host["Memory"], host["MemorySwap"]),
        "cpus": host["NanoCpus"],
        "ulimits": {one["Name"]: (one["Soft"], one["Hard"]) for one in host["Ulimits"]},
        "log": host["LogConfig"]["Type"],
    } == {
        "user": "65534:65534",
        "network": "none",
        "privileged": False,
        "read_only": True,
        "binds": None,
        "mounts": [],
        "tmpfs": {"/work": tmpfs, "/tmp": tmpfs},
        "cap_drop": ["ALL"],
        "cap_add": None,
        "security": ["no-new-privileges:true"],
        "pids": 50,
        "memory": (300 * 2**20, 300 * 2**20),
        "cpus": 500_000_000,
        "ulimits": {"nofile": (1024, 1024), "fsize": (10 * 2**20, 10 * 2**20), "core": (0, 0)},
        "log": "none",
    }


def test_the_kernels_environment_holds_no_more_than_declared(opened: Opener) -> None:
    """Not even the image's own variables; only what the request declares, the basics, and what IPython adds itself."""
    sandbox = opened(variables={"DECLARED": "1"})
    with kernel_of(sandbox.connection) as kernel:
        names = set(kernel.run("import os; print(*open('/proc/self/environ').read().split('\\0'), sep='\\n')").split())
    threads = {f"{name}_NUM_THREADS=1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    assert {name for name in names if not name.startswith("PATH=")} == threads | {
        "HOME=/tmp",
        "LANG=C.UTF-8",
        "TERM=dumb",
        "DECLARED=1",
    }


def test_what_the_code_may_not_do(opened: Opener) -> None:
    """No root, no writable system, no hold on the agent, no more disk, inodes, file size or processes than allowed."""
    limits = Limits.model_validate({"processes": 40, "disk_mb": 8, "file_mb": 4})
    sandbox = opened(limits=limits)
    attempts = {
        "write outside": "open('/opt/x', 'w')",
        "write home of python": "open(sys.prefix + '/x', 'w')",
        "open the agent's pipe": "os.listdir('/proc/1/fd')",
        "read the agent's memory": "open('/proc/1/mem', 'rb')",
        "read the agent's environment": "open('/proc/1/environ').read()",
        "become root": "os.setuid(0)",
        "raise a limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))",
        "mount": "subprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True, stderr=subprocess.DEVNULL)",
        "new namespace": "subprocess.run(['unshare', '-U', 'true'], check=True, stderr=subprocess.DEVNULL)",
        "docker": "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
        "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "large file": "open('large', 'wb').write(bytes(5 * 2**20))",
        "fill the disk": "[open(f'f{i}', 'wb').write(bytes(3 * 2**20)) for i in range(4)]",
        "fill the inodes": "[open(f'i{i}', 'wb').close() for i in range(1000)]",
        "fork bomb": "[subprocess.Popen(['sleep', '60']) for _ in range(100)]",
    }
    with kernel_of(sandbox.connection) as kernel:
        kernel.run("import os, resource, socket, subprocess, sys")
        found = {name: kernel.run(code).partition(":")[0] for name, code in attempts.items()}
        assert kernel.run("print('alive')") == "alive\n"
    assert found == {
        "write outside": "OSError",
        "write home of python": "OSError",
        "open the agent's pipe": "PermissionError",
        "read the agent's memory": "PermissionError",
        "read the agent's environment": "PermissionError",
        "become root": "PermissionError",
        "raise a limit": "ValueError",
        "mount": "CalledProcessError",
        "new namespace": "CalledProcessError",
        "docker": "FileNotFoundError",
        "raw socket": "PermissionError",
        "large file": "OSError",
        "fill the disk": "OSError",
        "fill the inodes": "OSError",
        "fork bomb": "BlockingIOError",
    }


def test_the_agent_outlives_every_signal_from_inside(opened: Opener) -> None:
    """Process 1 can't be killed, stopped or interrupted by the code; orphans are collected."""
    sandbox = opened(files={"a": b"1"})
    with kernel_of(sandbox.connection) as kernel:
        kernel.run(
            "import os, signal, subprocess\n"
            "for number in set(signal.Signals) - {signal.SIGCHLD}: os.kill(1, number)\n"
            "os.kill(-1, 9)\n"  # all but process 1 and the caller
            "subprocess.run(['sh', '-c', 'for i in 1 2 3; do (sleep 0 &) ; done'])"
        )
        zombies = (
            "import pathlib\nprint(sum('\\nState:\\tZ' in p.read_text() for p in pathlib.Path('/proc').glob('[0-9]*/status')))"
        )
        assert wait_until(lambda: kernel.run(zombies) == "0\n", 5)
    assert (sandbox.poll(), sandbox.read("a", 1)) == (None, b"1")


def test_a_container_removed_from_outside_has_vanished(opened: Opener) -> None:
    """Somebody took the sandbox away: our fault, never the student's."""
    sandbox = opened()
    container_of(sandbox).remove(force=True)
    assert end_of(sandbox) == Ended("vanished", "its container was removed from outside")


def test_a_container_killed_from_outside_has_vanished(opened: Opener) -> None:
    """The same, when the container was only killed."""
    sandbox = opened()
    container_of(sandbox).kill()
    assert end_of(sandbox) == Ended("vanished", "its container was killed from outside")


def test_memory_filled_with_files_is_out_of_memory(opened: Opener) -> None:
    """The work folder lies in memory: who fills the memory limit with files ends like any hog, agent and all."""
    sandbox = opened(limits=Limits.model_validate({"memory_mb": 128, "disk_mb": 256}))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("for i in range(16): open(f'{i}', 'wb').write(b'x' * 15_000_000)")
        assert end_of(sandbox).how == "out_of_memory"


def test_the_memory_limit_names_the_kernel(opened: Opener) -> None:
    """The agent survives the hog, tells the end, and still reads files."""
    sandbox = opened(files={"a": b"1"}, limits=Limits.model_validate({"memory_mb": 200}))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("hog = [b'x' * 10_000_000 + bytes([i]) for i in range(256)]")
        assert end_of(sandbox) == Ended("out_of_memory", "the kernel was killed at the memory limit")
    assert sandbox.read("a", 1) == b"1"


def test_an_unread_flood_grows_the_grader_no_further_than_the_cap(opened: Opener) -> None:
    """A client's own queue may take what the output limit allows (it counts messages, not bytes), and that is all."""
    sandbox = opened(limits=Limits.model_validate({"output_mb": 8}))
    process = psutil.Process()
    with kernel_of(sandbox.connection) as kernel:
        before = process.memory_info().rss
        kernel.send("while True: print('x' * 10_000)")
        assert end_of(sandbox).how == "output"
        grown = process.memory_info().rss - before
    assert grown < 64 * 2**20, grown


def test_close_leaves_neither_container_nor_thread(opened: Opener) -> None:
    """After close the engine knows no such container and no thread of the sandbox runs."""
    before = set(threading.enumerate())
    sandbox = opened()
    container = container_of(sandbox)
    sandbox.close()
    with pytest.raises(docker.errors.NotFound):
        container.reload()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not left & {"tunnel", "container-output", "container-input"}
