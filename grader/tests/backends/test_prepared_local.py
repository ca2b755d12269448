"""The life of the prepared process on this machine, and what its sandboxes leave."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.backends.local import processes, residents
from grader.backends.local.backend import LocalBackend
from grader.backends.local.prepared import PreparedLocalSandbox
from grader.backends.local.sandbox import LocalSandbox
from grader.backends.protocol import Backend, Environment, SandboxRequest
from grader.spec.limits import Limits
from grader.tests.contract.conftest import HERE, Opener
from grader.tests.contract.kernel import kernel_of, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prepared processes of this machine are for Linux")


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory, environment: Environment) -> Iterator[LocalBackend]:
    backend = LocalBackend(
        tmp_path_factory.mktemp("a-home-whose-path-is-far-longer-than-the-address-of-a-socket-may-be" + "-" * 60)
    )
    backend.prepare(environment)
    yield backend
    backend.cool_down()


def prepared_processes(backend: Backend) -> list[int]:
    assert isinstance(backend, LocalBackend)
    folders = {str(folder) for folder in (backend.home / "prepared").glob("*/")}
    found = []
    for process in psutil.process_iter():
        try:
            mark, home = process.environ().get(processes.MARK, ""), process.environ().get("HOME", "")
        except (psutil.Error, OSError):
            continue
        if mark.startswith("prepared:") and home in folders:
            found.append(process.pid)
    return found


def request_for(environment: Environment) -> SandboxRequest:
    return SandboxRequest("once", environment, {}, {}, (), Limits())


ONE_COMMAND = """
import sys
from pathlib import Path
from grader.backends.local.backend import LocalBackend
from grader.tests.backends.test_prepared_local import request_for
from grader.tests.contract.kernel import kernel_of
from grader.tests.contract import conftest
environment = conftest.environment.__wrapped__()
backend = LocalBackend(Path(sys.argv[1]))
if "keep" in sys.argv: backend.keep_warm(environment)
sandbox = backend.open(request_for(environment))
with kernel_of(sandbox.connection) as kernel: print(kernel.run("import os; print(os.getppid())"))
sandbox.close()
"""


def one_command(backend: Backend, *more: str) -> None:
    assert isinstance(backend, LocalBackend)
    command = [sys.executable, "-c", ONE_COMMAND, str(backend.home), *more]
    subprocess.run(command, check=True, cwd=HERE.parents[2], stdout=subprocess.DEVNULL)


def test_it_ends_with_the_command_that_started_it(backend: Backend) -> None:
    """A command without a kept stack leaves no process."""
    one_command(backend)
    assert wait_until(lambda: not prepared_processes(backend), 5)


def test_kept_it_serves_the_commands_to_come_until_it_is_ended(backend: LocalBackend, environment: Environment) -> None:
    """One process, the same for all commands; `cool_down` ends it, and a sandbox that is open then lives on."""
    one_command(backend, "keep")
    kept = prepared_processes(backend)
    assert len(kept) == 1
    one_command(backend)
    sandbox = backend.open(request_for(environment))
    assert prepared_processes(backend) == kept
    backend.cool_down()
    assert wait_until(lambda: not prepared_processes(backend), 5)
    with kernel_of(sandbox.connection) as kernel:
        assert kernel.run("print(1)") == "1\n"
    sandbox.close()


def test_kept_and_idle_it_ends(backend: LocalBackend, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to remember to stop it."""
    monkeypatch.setattr(residents, "IDLE_SECONDS", 0.2)
    other = LocalBackend(backend.home)
    other.keep_warm(environment)
    assert len(prepared_processes(backend)) == 1
    for resident in other._residents._leased.values():
        resident.lease.close()
    assert wait_until(lambda: not prepared_processes(backend), 10)


def test_a_killed_one_is_replaced(backend: LocalBackend, environment: Environment) -> None:
    """The next sandbox comes from a new process."""
    backend.open(request_for(environment)).close()
    (killed,) = prepared_processes(backend)
    os.kill(killed, 9)
    assert wait_until(lambda: not psutil.pid_exists(killed), 5)
    sandbox = backend.open(request_for(environment))
    assert isinstance(sandbox, PreparedLocalSandbox)
    assert killed not in prepared_processes(backend)
    sandbox.close()


def test_a_fork_that_hides_is_ended_too(opened: Opener) -> None:
    """A daemon that was forked and never executed a program is found by its parentage; its mark can be read as well."""
    sandbox = opened()
    assert isinstance(sandbox, PreparedLocalSandbox)
    with kernel_of(sandbox.connection) as kernel:
        kernel.run(
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        open('pid', 'w').write(str(os.getpid())); time.sleep(600)\n"
            "    os._exit(0)"
        )
        assert wait_until(lambda: (sandbox.work / "pid").exists() and (sandbox.work / "pid").read_text())
    daemon = psutil.Process(int((sandbox.work / "pid").read_text()))
    assert daemon.environ()[processes.MARK] == sandbox.mark
    sandbox.close()
    assert not daemon.is_running()
    assert not sandbox.folder.exists()


def test_the_libraries_are_there_before_the_first_cell(backend: LocalBackend, environment: Environment) -> None:
    """What `preload` names is imported, once and not by the sandbox."""
    spec = environment.spec.model_copy(update={"preload": ("wave", "xml.dom.minidom")})
    sandbox = backend.open(request_for(Environment(spec, environment.folder)))
    with kernel_of(sandbox.connection) as kernel:
        assert kernel.run("import sys; print({'wave', 'xml.dom.minidom'} <= set(sys.modules))") == "True\n"
    sandbox.close()


def test_what_libraries_import_late_is_there_too(backend: LocalBackend, environment: Environment, tmp_path: Path) -> None:
    """A throw-away sandbox runs the environment's warm-up; only what it made imported remains."""
    for file in environment.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "warm_up.py").write_text("import wave\nleft = 1\nopen('left', 'w')\n1 / 0\n")
    sandbox = backend.open(request_for(Environment(environment.spec, tmp_path)))
    with kernel_of(sandbox.connection) as kernel:
        found = kernel.run("import os, sys; print('wave' in sys.modules, 'left' in globals(), os.listdir('.'))")
    sandbox.close()
    assert found == "True False []\n"


def test_what_cannot_be_imported_is_started_cold(
    backend: LocalBackend, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    """A module that isn't there costs speed and a warning, said once."""
    spec = environment.spec.model_copy(update={"preload": ("no_such_module",)})
    with caplog.at_level(logging.WARNING):
        sandboxes = [backend.open(request_for(Environment(spec, environment.folder))) for _ in range(2)]
    for sandbox in sandboxes:
        sandbox.close()
    assert [type(sandbox) for sandbox in sandboxes] == [LocalSandbox, LocalSandbox]
    said = ["module no_such_module can't be imported" in record.getMessage() for record in caplog.records]
    assert said == [True]


def test_a_process_with_threads_is_never_forked() -> None:
    """A thread that an import started would leave its locks held for ever in every fork: refused, with the thread's name."""
    code = (
        "import threading, time; from grader.backends.prepared import preload\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "try: preload.settle()\n"
        "except preload.CannotPrepare as why: print(why)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parents[2], check=True)
    assert done.stdout == "an import started threads, which no fork would have: python\n"


def test_many_sandboxes_leave_nothing(backend: LocalBackend, environment: Environment) -> None:
    """Neither a process nor a descriptor of this process, and no folder."""
    backend.open(request_for(environment)).close()
    me = psutil.Process()
    before, family = me.num_fds(), len(psutil.Process(prepared_processes(backend)[0]).children(recursive=True))
    folders = set()
    for _ in range(20):
        sandbox = backend.open(request_for(environment))
        folders.add(sandbox.folder)  # type: ignore[attr-defined]
        sandbox.close()
    resident = psutil.Process(prepared_processes(backend)[0])
    assert wait_until(lambda: len(resident.children(recursive=True)) == family, 5)
    assert (me.num_fds(), [folder for folder in folders if folder.exists()]) == (before, [])
