"""What a sandbox of any backend must hold."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import uuid

import pytest

from grader.backends.protocol import Address, Backend, Endpoint, Sandbox
from grader.errors import SandboxFailed
from grader.spec.limits import Limits
from grader.tests.contract.conftest import DOCKERFILE, Opener
from grader.tests.contract.kernel import Kernel, end_of, kernel_of, processes_with, wait_until

POST = "import urllib.request\nprint(urllib.request.urlopen('http://{address}', {body}, timeout=10).read() == {answer})"


def small(**limits: int) -> Limits:
    return Limits.model_validate(limits)


def test_code_runs_and_keeps_its_state(opened: Opener) -> None:
    """Cells run one after the other in one kernel."""
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        assert [kernel.run("x = 20"), kernel.run("print(x + 22)"), kernel.run("1/0")] == [
            "",
            "42\n",
            "ZeroDivisionError: division by zero",
        ]
    assert sandbox.poll() is None


def test_files_and_variables_arrive(opened: Opener) -> None:
    """The work folder holds exactly the request's files, and the declared variables are set."""
    content = os.urandom(3_000_000)
    sandbox = opened(files={"data/raw/customers.bin": content, "empty.txt": b""}, variables={"TOKEN": "a b=c\nd"})
    with kernel_of(sandbox.connection) as kernel:
        found = kernel.run(
            "import hashlib, os, pathlib\n"
            "for p in sorted(pathlib.Path('.').rglob('*')):\n"
            "    print(p.as_posix(), hashlib.sha256(p.read_bytes()).hexdigest()[:8] if p.is_file() else 'folder')\n"
            "print(repr(os.environ['TOKEN']))"
        )
    assert found.splitlines() == [
        "data folder",
        "data/raw folder",
        f"data/raw/customers.bin {hashlib.sha256(content).hexdigest()[:8]}",
        "empty.txt e3b0c442",
        repr("a b=c\nd"),
    ]


def test_an_endpoint_is_reached_from_inside(backend: Backend, opened: Opener, echo: Address) -> None:
    """A declared endpoint answers where the backend says, with bodies larger than any buffer, many times."""
    endpoint = Endpoint("echo", echo, 5000)
    sandbox = opened(endpoints=(endpoint,))
    inside = backend.inside(endpoint)
    with kernel_of(sandbox.connection) as kernel:
        for body in ("b'abc'", "bytes(range(256)) * 20_000"):
            assert kernel.run(POST.format(address=inside, body=body, answer=f"({body})[::-1]")) == "True\n"
        assert (
            kernel.run(
                "from concurrent.futures import ThreadPoolExecutor as Pool\n"
                "def post(i):\n"
                f"    return urllib.request.urlopen('http://{inside}', b'%d' % i, timeout=10).read()[::-1] == b'%d' % i\n"
                "print(all(Pool(16).map(post, range(200))))"
            )
            == "True\n"
        )


def test_nothing_else_is_reached(isolating: Backend, opened: Opener, echo: Address) -> None:
    """Neither this machine's loopback, nor an address of the internet, nor a name."""
    sandbox = opened(endpoints=(Endpoint("other", echo, 5000),))
    with kernel_of(sandbox.connection) as kernel:
        found = kernel.run(
            "import socket\n"
            f"for address in [('127.0.0.1', {echo.port}), ('172.17.0.1', {echo.port}), ('1.1.1.1', 53), ('pypi.org', 443)]:\n"
            "    try:\n"
            "        socket.create_connection(address, 3); print('reached', address)\n"
            "    except OSError as error:\n"
            "        print(type(error).__name__)"
        )
    # Where there is no network the system says so; where a policy closes it, what is sent is dropped.
    lost = "TimeoutError" if isolating.name == "kubernetes" else "OSError"
    assert found.split() == ["ConnectionRefusedError", lost, lost, "gaierror"]


def test_a_dead_endpoint_refuses(backend: Backend, opened: Opener) -> None:
    """When the service behind an endpoint is gone, the code inside gets an error and no hang."""
    endpoint = Endpoint("gone", Address("127.0.0.1", 9), 5000)
    sandbox = opened(endpoints=(endpoint,))
    with kernel_of(sandbox.connection) as kernel:
        inside = backend.inside(endpoint)
        found = kernel.run(
            "import socket\n"
            "try:\n"
            f"    connection = socket.create_connection(({inside.host!r}, {inside.port}), 5)\n"
            "    connection.settimeout(5); print(connection.recv(1))\n"
            "except ConnectionError:\n"
            "    print('refused')"
        )
    assert found == "refused\n"


def test_interrupt_stops_a_cell(opened: Opener) -> None:
    """The running cell gets KeyboardInterrupt; the kernel lives on."""
    sandbox = opened(files={})
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("open('running', 'w').close()\nwhile True: pass")
        assert wait_until(lambda: _exists(sandbox, "running"))
        sandbox.interrupt()
        assert kernel.outcome() == "KeyboardInterrupt"
        assert kernel.run("print('alive')") == "alive\n"
    assert sandbox.poll() is None


def test_a_kernel_that_ends_itself_has_exited(opened: Opener) -> None:
    """os._exit is the code's own doing, and the detail tells the status."""
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("import os; os._exit(7)")
        ended = end_of(sandbox)
    assert (ended.how, "7" in ended.detail) == ("exited", True)
    sandbox.interrupt()


def test_a_kernel_that_kills_itself_has_exited(opened: Opener) -> None:
    """SIGKILL from inside is the code's own doing, and not taken for the memory limit."""
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("import os; os.kill(os.getpid(), 9)")
        ended = end_of(sandbox)
    assert (ended.how, "SIGKILL" in ended.detail) == ("exited", True)


def test_a_memory_hog_is_out_of_memory(isolating: Backend, opened: Opener) -> None:
    """Whoever takes more memory than the limit is ended, and the end says so."""
    sandbox = opened(limits=small(memory_mb=256))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("hog = []\nwhile True: hog.append(bytearray(b'x' * 10_000_000))")
        assert end_of(sandbox).how == "out_of_memory"


def test_a_flood_of_output_is_stopped(isolating: Backend, opened: Opener) -> None:
    """What prints without end is ended at the output limit, though somebody reads all of it."""
    sandbox = opened(limits=small(output_mb=1))
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("while True: print('x' * 10_000)")
        assert wait_until(lambda: _drain(kernel) and sandbox.poll() is not None)
        assert end_of(sandbox).how == "output"


def test_reading_files(opened: Opener) -> None:
    """Regular files of the work folder come back whole; all else is told apart as missing or refused."""
    sandbox = opened(files={"a/b.txt": b"hello", "big.bin": b"x" * 1000})
    with kernel_of(sandbox.connection) as kernel:
        kernel.run(
            "import os\n"
            "os.symlink('/etc/passwd', 'link'); os.symlink('a/b.txt', 'near'); os.symlink('/etc', 'folder')\n"
            "os.mkfifo('pipe'); open('made.bin', 'wb').write(b'y' * 2_000_000)"
        )
    assert sandbox.read("a/b.txt", 5) == b"hello"
    assert sandbox.read("made.bin", 2_000_000) == b"y" * 2_000_000
    found = {}
    for path in ("big.bin", "link", "near", "folder/passwd", "pipe", "a", "../x", "/etc/passwd", "none", "none/none"):
        with pytest.raises((FileNotFoundError, ValueError)) as raised:
            sandbox.read(path, 999)
        found[path] = raised.type.__name__
    refused = dict.fromkeys(("big.bin", "link", "near", "folder/passwd", "pipe", "a", "../x", "/etc/passwd"), "ValueError")
    assert found == {**refused, "none": "FileNotFoundError", "none/none": "FileNotFoundError"}


def test_files_are_read_after_the_kernel_ended(opened: Opener) -> None:
    """What a run left is evidence also when its kernel crashed."""
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        kernel.send("open('left.txt', 'w').write('here'); import os; os._exit(1)")
        end_of(sandbox)
    assert sandbox.read("left.txt", 10) == b"here"


@pytest.mark.parametrize("inherited", ["None", "{}"], ids=["inherited-environment", "empty-environment"])
def test_close_ends_daemons_too(opened: Opener, inherited: str) -> None:
    """A process that detached itself is gone after close, and closing twice is allowed."""
    marker = uuid.uuid4().hex
    sandbox = opened()
    with kernel_of(sandbox.connection) as kernel:
        kernel.run(
            "import os, subprocess, sys\n"
            "code = \"import os, sys, time; os.setsid() if not os.fork() else os._exit(0); open('up', 'w'); time.sleep(600)\"\n"
            f"subprocess.Popen([sys.executable, '-c', code, '{marker}'], start_new_session=True, env={inherited})"
        )
        assert wait_until(lambda: _exists(sandbox, "up"))
    sandbox.close()
    sandbox.close()
    assert wait_until(lambda: not processes_with(marker), 5), processes_with(marker)


def test_two_sandboxes_do_not_share(opened: Opener) -> None:
    """Files and variables of one are not found in the other."""
    one, two = opened(files={"mine": b"1"}, variables={"A": "1"}), opened(variables={"B": "2"})
    with kernel_of(one.connection) as first, kernel_of(two.connection) as second:
        first.run("open('written', 'w').write('x')")
        look = "import os; print(os.listdir('.'), os.environ.get('A'), os.environ.get('B'))"
        assert (second.run(look), first.run("print(open('mine').read())")) == ("[] None 2\n", "1\n")


def test_two_sandboxes_do_not_see_each_other(isolating: Backend, opened: Opener) -> None:
    """Neither the processes nor the kernel's ports of one are seen from the other."""
    marker = uuid.uuid4().hex
    one, two = opened(), opened()
    with kernel_of(one.connection) as first, kernel_of(two.connection) as second:
        first.run(
            "import subprocess, sys, socket\n"
            f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{marker}'])\n"
            "server = socket.create_server(('0.0.0.0', 7777))"
        )
        found = second.run(
            "import pathlib, socket\n"
            f"print(sum('{marker}'.encode() in p.read_bytes() for p in pathlib.Path('/proc').glob('[0-9]*/cmdline')))\n"
            "print(socket.socket().connect_ex(('127.0.0.1', 7777)) != 0)"
        )
    assert found == "0\nTrue\n"


def test_a_sandbox_that_cannot_start_says_why(isolating: Backend, opened: Opener) -> None:
    """A request that can't be met (no room for its files) is our fault, with the reason."""
    with pytest.raises(SandboxFailed, match="sandbox full did not start") as raised:
        opened("full", files={"a.bin": bytes(3 * 1024 * 1024)}, limits=small(disk_mb=4, file_mb=1))
    assert "File too large" in str(raised.value)


ORPHAN = """
import sys
from grader.tests.contract import conftest
from grader.backends.protocol import *
from grader.spec.environment import EnvironmentSpec
from grader.spec.limits import Limits
name, home = sys.argv[1], Path(sys.argv[2])
backend = conftest.BACKENDS[name](home)
environment = Environment(EnvironmentSpec(schema=1, id="contract", title="x", purpose="x"), conftest.HERE / "environment")
backend.open(SandboxRequest("orphan", environment, {}, {}, (), Limits()))
print("open", flush=True)
sys.stdin.read()
"""


def test_reap_ends_what_a_killed_grader_left(kind: str, backend: Backend, opened: Opener) -> None:
    """After kill -9 of its owner a sandbox is ended and named; the sandboxes of living graders stay."""
    living = opened("living")
    home = str(getattr(backend, "home", ""))
    command = [sys.executable, "-c", ORPHAN, kind, home]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=DOCKERFILE.parents[1]) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        owner.send_signal(signal.SIGKILL)
    reaped = backend.reap()
    # A local kernel may have noticed first that its parent is gone. Other graders of this machine may have left some, too.
    expected = {
        "docker": {"orphan"}, "docker-prepared": {"slot-contract"}, "local": set(), "local-prepared": set(),
        "kubernetes": {"orphan"}, "kubernetes-prepared": {"prepared-contract"},
    }[kind]  # fmt: skip
    assert (expected <= set(reaped), "living" in reaped) == (True, False)
    assert wait_until(lambda: backend.reap() == [], 5)
    with kernel_of(living.connection) as kernel:
        assert kernel.run("print(1)") == "1\n"


def _exists(sandbox: Sandbox, path: str) -> bool:
    try:
        sandbox.read(path, 100)
    except FileNotFoundError:
        return False
    return True


def _drain(kernel: Kernel) -> bool:
    """Read what has come on the output channel, as a grader does; always true."""
    while kernel.client.iopub_channel.msg_ready():
        kernel.client.get_iopub_msg(timeout=1)
    return True
