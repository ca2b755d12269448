"""What a prepared sandbox of the docker backend forbids, what it shares with its siblings, and when it is not handed out."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import docker
import pytest

from grader.backends.docker import confinement
from grader.backends.docker.prepared import PreparedSandbox
from grader.backends.docker.sandbox import DockerSandbox
from grader.backends.prepared import filters, private_root
from grader.backends.protocol import Backend, Ended, Sandbox
from grader.backends.stream import MAX_STREAMS
from grader.errors import SandboxFailed
from grader.spec.limits import Limits
from grader.tests.contract.conftest import Opener, docker_backend
from grader.tests.contract.kernel import end_of, kernel_of, wait_until

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def backend() -> Backend:
    return docker_backend()


def limited(**limits: float) -> Limits:
    return Limits.model_validate(limits)


def slot_of(sandbox: Sandbox) -> Any:
    assert isinstance(sandbox, PreparedSandbox)
    return docker.from_env().containers.get(sandbox._slot._container)


def processes_in(container: Any) -> int:
    return len(container.top()["Processes"])


def test_the_host_container_as_the_engine_sees_it(opened: Opener) -> None:
    """No privilege, nothing of the machine, and every limit of the sandbox; only /proc is not masked, and namespaces may
    be made."""
    limits = limited(memory_mb=300, processes=50, disk_mb=20, file_mb=10, cpus=0.5)
    attributes = slot_of(opened(limits=limits)).attrs
    config, host = attributes["Config"], attributes["HostConfig"]
    security = dict(option.partition("=")[::2] for option in host["SecurityOpt"])
    profile = json.loads(security.pop("seccomp"))
    default = json.loads(filters._read("engine-default.json"))
    assert profile["syscalls"] == [*default["syscalls"], {"names": list(filters.BUILDS_ROOMS), "action": "SCMP_ACT_ALLOW"}]
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
        "security": security,
        "pids": host["PidsLimit"],
        "memory": (host["Memory"], host["MemorySwap"]),
        "cpus": host["NanoCpus"],
        "ulimits": {one["Name"]: (one["Soft"], one["Hard"]) for one in host["Ulimits"]},
        "log": host["LogConfig"]["Type"],
        "unmasked": (host["MaskedPaths"], host["ReadonlyPaths"]),
    } == {
        "user": "65534:65534",
        "network": "none",
        "privileged": False,
        "read_only": True,
        "binds": None,
        "mounts": [],
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=8m,uid=65534,gid=65534,mode=0700"},
        "cap_drop": ["ALL"],
        "cap_add": None,
        "security": {"no-new-privileges:true": ""},
        "pids": 50 + confinement.OWN_PROCESSES,
        "memory": (300 * 2**20, 300 * 2**20),
        "cpus": 500_000_000,
        "ulimits": {"nofile": (1024, 1024), "fsize": (10 * 2**20, 10 * 2**20), "core": (0, 0)},
        "log": "none",
        "unmasked": ([], []),
    }


def test_the_kernel_as_it_sees_itself(opened: Opener) -> None:
    """An unknown user without capabilities, in a tree of its own: two processes, one interface, no file system of the host."""
    look = """
import os, pathlib, socket
status = dict(line.split(":\\t", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
print({name: status[name].strip() for name in ("Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")})
print(status["Seccomp"], pathlib.Path("/proc/self/oom_score_adj").read_text().strip(), socket.gethostname(), os.getcwd())
print(sorted(name for name in os.listdir("/proc") if name.isdigit()), socket.if_nameindex(), sorted(os.listdir("/dev")))
mounts = [line.split()[1:4] for line in open("/proc/self/mounts")]
print(sorted({place for place, _, options in mounts if options.startswith("rw") and not place.startswith("/proc/")}))
print(sorted(place for place, *_ in mounts if place.startswith("/proc/")) == sorted(
    f"/proc/{name}" for name in MASKED if os.path.exists(f"/proc/{name}")), os.readlink("/proc/self/fd/0"))
"""
    with kernel_of(opened().connection) as kernel:
        kernel.run(f"MASKED = {private_root.MASKED + private_root.FROZEN}")
        found = kernel.run(look).splitlines()
    ids = "65534\t65534\t65534\t65534"
    none = "0" * 16
    assert found == [
        str(
            {
                "Uid": ids,
                "Gid": ids,
                **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), none),
                "NoNewPrivs": "1",
            }
        ),
        "2 1000 sandbox /work",
        "['1', '2'] [(1, 'lo')] ['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', "
        "'urandom', 'zero']",
        "['/dev/full', '/dev/null', '/dev/pts', '/dev/random', '/dev/shm', '/dev/urandom', '/dev/zero', '/proc', '/tmp', "
        "'/work']",
        "True /dev/null",
    ]


def test_the_environment_holds_no_more_than_declared(opened: Opener) -> None:
    """Neither the image's variables nor those under which the libraries were imported; ipykernel adds its own later."""
    look = "print(open('/proc/self/environ').read().rstrip(chr(0)).replace(chr(0), chr(10)))"
    names = "import os; print(sorted(name for name in os.environ if name.startswith(('PYTHON', 'JE_', 'DO_NOT', 'MLFLOW'))))"
    with kernel_of(opened(variables={"DECLARED": "1"}).connection) as kernel:
        found, hidden = set(kernel.run(look).split()), kernel.run(names)
    threads = {f"{name}_NUM_THREADS=1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    assert {one for one in found if not one.startswith("PATH=")} == threads | {
        "HOME=/tmp",
        "LANG=C.UTF-8",
        "TERM=dumb",
        "DECLARED=1",
    }
    assert hidden == "[]\n"


def test_what_the_code_may_not_do(opened: Opener) -> None:
    """No root, no writable system, no hold on process 1, no more disk, inodes, file size or processes than allowed."""
    limits = limited(processes=40, disk_mb=8, file_mb=4)
    attempts = {
        "write outside": "open('/opt/x', 'w')",
        "write home of python": "open(sys.prefix + '/x', 'w')",
        "write a setting": "open('/proc/sys/kernel/core_pattern', 'w')",
        "open process 1": "os.listdir('/proc/1/fd')",
        "read its memory": "open('/proc/1/mem', 'rb')",
        "read its environment": "open('/proc/1/environ').read()",
        "its root": "os.listdir('/proc/1/root')",
        "become root": "os.setuid(0)",
        "raise a limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))",
        "be spared": "os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1')",
        "mount": "call(libc.mount, b'tmpfs', b'/work', b'tmpfs', 0, None)",
        "unmount": "call(libc.umount2, b'/proc', 2)",
        "new namespace": "call(libc.unshare, 0x10000000)",
        "cloned namespace": "call(libc.syscall, 56 if os.uname().machine == 'x86_64' else 220, 0x10000000 | 17, 0, 0, 0, 0)",
        "trace": "call(libc.ptrace, 16, 1, 0, 0)",
        "docker": "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
        "the zygote": "socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect('/tmp/zygote.sock')",
        "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "packet socket": "socket.socket(17, socket.SOCK_RAW)",
        "audit socket": "socket.socket(16, socket.SOCK_RAW, 9)",
        "large file": "open('large', 'wb').write(bytes(5 * 2**20))",
        "fill the disk": "[open(f'f{i}', 'wb').write(bytes(3 * 2**20)) for i in range(4)]",
        "fill the other folders": "open('/dev/shm/f', 'wb').write(bytes(3 * 2**20))",
        "fill the inodes": "[open(f'/tmp/i{i}', 'wb').close() for i in range(1000)]",
        "fork bomb": "[subprocess.Popen(['sleep', '60']) for _ in range(100)]",
    }
    with kernel_of(opened(limits=limits).connection) as kernel:
        kernel.run(
            "import ctypes, os, resource, socket, subprocess, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "def call(function, *arguments):\n"
            "    if function(*arguments) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))"
        )
        found = {name: kernel.run(code).partition(":")[0] for name, code in attempts.items()}
        assert kernel.run("print('alive')") == "alive\n"
    denied = dict.fromkeys(attempts, "PermissionError")
    assert found == denied | {
        "write outside": "OSError",
        "write home of python": "OSError",
        "write a setting": "OSError",
        "become root": "OSError",
        "raise a limit": "ValueError",
        "docker": "FileNotFoundError",
        "the zygote": "FileNotFoundError",
        "packet socket": "OSError",
        "audit socket": "OSError",
        "large file": "OSError",
        "fill the disk": "OSError",
        "fill the other folders": "OSError",
        "fill the inodes": "OSError",
        "fork bomb": "BlockingIOError",
    }


def test_shell_commands_work(opened: Opener) -> None:
    """`!command` needs a terminal, which a sandbox has of its own."""
    with kernel_of(opened().connection) as kernel:
        assert kernel.run("!echo one; ls /dev/pts").split() == ["one", "0", "ptmx"]


KILL_ALL = ["sh", "-c", "for p in /proc/[0-9]*; do [ $p = /proc/1 ] || [ $p = /proc/$$ ] || kill -9 ${p#/proc/}; done"]
"""Run in a host container: leaves its process 1 alone."""
REPEATED = """
import os, random, secrets, ssl, tempfile, uuid
print(random.random(), random.Random().random(), secrets.token_hex(), ssl.RAND_bytes(8).hex(), uuid.uuid4())
print(next(tempfile._get_candidate_names()), uuid.uuid1().node, uuid.uuid1().clock_seq)
"""


def test_siblings_draw_other_random_numbers(opened: Opener) -> None:
    """Forks of one process share no generator: neither random's, nor OpenSSL's, nor the names of temporary files."""
    drawn = []
    for _ in range(3):
        sandbox = opened()
        with kernel_of(sandbox.connection) as kernel:
            drawn.append(kernel.run(REPEATED).split())
        sandbox.close()
    together = [value for values in drawn for value in values[:6]]
    assert len(set(together)) == len(together), drawn


def test_nothing_of_a_run_is_left_for_the_next(opened: Opener) -> None:
    """The next sandbox of the same host container finds no file, process, shared memory, variable or byte of the one before."""
    secret = uuid.uuid4().hex
    first = opened(files={"mine": secret.encode()}, variables={"SECRET": secret})
    container = slot_of(first)
    with kernel_of(first.connection) as kernel:
        kernel.run(
            "import os, subprocess\nsecret = os.environ['SECRET']\n"
            "for place in ('/tmp/x', '/dev/shm/x', '/work/x'): open(place, 'w').write(secret)\n"
            "subprocess.Popen(['sh', '-c', f'sleep 600; echo {secret}'], start_new_session=True)"
        )
    first.close()
    assert processes_in(container) == 2
    second = opened()
    assert slot_of(second).id == container.id
    half, rest = secret[:16], secret[16:]
    with kernel_of(second.connection) as kernel:
        found = kernel.run(
            f"import os, pathlib\nhalf, rest = {half!r}, {rest!r}\nneedle = (half + rest).encode()\n"
            "seen = 0\n"
            "with open('/proc/self/mem', 'rb', 0) as memory:\n"
            "    for line in list(open('/proc/self/maps')):\n"
            "        if not line.split()[1].startswith('r'): continue\n"
            "        start, end = (int(n, 16) for n in line.split()[0].split('-'))\n"
            "        for at in range(start, end, 1 << 20):\n"
            "            try: seen += os.pread(memory.fileno(), min(1 << 20, end - at), at).count(needle)\n"
            "            except OSError: pass\n"
            "print(seen, [p for f in ('/tmp', '/dev/shm', '/work') for p in os.listdir(f) if p != '.ipython'])\n"
            "print(len([p for p in os.listdir('/proc') if p.isdigit()]))"
        )
    seen, left, processes = found.split()
    # Its own needle and copies of it while it searches; a run before left none, or there would be one for each of its texts.
    assert (int(seen) <= 8, left, processes) == (True, "[]", "2")


def test_a_slot_serves_again_after_a_clean_end_only(opened: Opener) -> None:
    """After a normal end the host container has another sandbox; after one that hit a limit it is gone."""
    first = opened()
    clean = slot_of(first).id
    first.close()
    second = opened(limits=Limits())
    assert slot_of(second).id == clean
    hog = opened(limits=limited(memory_mb=200))
    container = slot_of(hog)
    with kernel_of(hog.connection) as kernel:
        kernel.send("hog = [b'x' * 10_000_000 + bytes([i]) for i in range(256)]")
        assert end_of(hog) == Ended("out_of_memory", "the kernel was killed at the memory limit")
    hog.close()
    with pytest.raises(docker.errors.NotFound):
        container.reload()


def test_a_slot_serves_more_sandboxes_than_its_pipe_carries_streams(opened: Opener) -> None:
    """Nothing of a sandbox that is gone stays in the pipe: else, after some forty, the next finds no room in it."""
    slots = set()
    for _ in range(MAX_STREAMS // 3 + 2):  # each was asked three things: to start, to say how it ends, to close
        sandbox = opened()
        slots.add(slot_of(sandbox).id)
        sandbox.close()
    assert len(slots) == 1
    with kernel_of(opened().connection) as kernel:
        assert kernel.run("print(6 * 7)") == "42\n"


def test_memory_filled_with_files_is_out_of_memory(opened: Opener) -> None:
    """The work folder lies in memory: who fills the limit with files ends like any hog."""
    sandbox = opened(limits=limited(memory_mb=128, disk_mb=256))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("for i in range(16): open(f'{i}', 'wb').write(b'x' * 15_000_000)")
        assert end_of(sandbox).how == "out_of_memory"


def test_a_broken_zygote_is_our_fault_and_is_replaced(opened: Opener) -> None:
    """When the prepared process is gone, one open fails as ours and the next has a new one."""
    first = opened()
    container = slot_of(first)
    first.close()
    container.exec_run(KILL_ALL)
    with pytest.raises(SandboxFailed):
        opened()
    again = opened()
    assert slot_of(again).id != container.id
    assert again.poll() is None


def test_process_1_of_a_sandbox_killed_from_outside_has_vanished(opened: Opener) -> None:
    """Somebody took the sandbox away: our fault, never the student's."""
    sandbox = opened()
    slot_of(sandbox).exec_run(KILL_ALL)
    assert end_of(sandbox).how == "vanished"


def test_where_namespaces_are_refused_containers_are_single_use(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, opened: Opener, environment: Any
) -> None:
    """An engine that refuses `unshare` (here: by its own profile) still gives sandboxes, and the reason is said once."""
    monkeypatch.setattr(confinement, "host_profile", lambda: filters._read("engine-default.json"))
    backend = docker_backend()
    request = _request(environment)
    with caplog.at_level(logging.WARNING):
        sandboxes = [backend.open(request), backend.open(request)]
    for sandbox in sandboxes:
        sandbox.close()
    assert [type(sandbox) for sandbox in sandboxes] == [DockerSandbox, DockerSandbox]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "unshare: Operation not permitted" in said[0]


def _request(environment: Any) -> Any:
    from grader.backends.protocol import SandboxRequest

    return SandboxRequest("refused", environment, {}, {}, (), Limits())


def test_the_host_containers_end_with_their_backend(environment: Any) -> None:
    """A backend that is dropped leaves no container."""
    backend = docker_backend()
    sandbox = backend.open(_request(environment))
    container = slot_of(sandbox)
    sandbox.close()
    del sandbox, backend

    def gone() -> bool:
        try:
            container.reload()
        except docker.errors.NotFound:
            return True
        return False

    assert wait_until(gone, 10)
