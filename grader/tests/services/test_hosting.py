"""The service files themselves: what a started service opens, how it stops, and that its data survives."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.backends.local.backend import LocalBackend
from grader.backends.protocol import Running
from grader.course.tree import Course
from grader.errors import ServiceFailed
from grader.services import SERVICES
from grader.stack.lease import lease
from grader.stack.stack import Stack
from grader.tests.services.conftest import Namespace
from grader.tests.services.student import Mlflow, connect, s3_client

pytestmark = pytest.mark.services

STOP_SECONDS = 20


@pytest.fixture
def another(course: Course, backend: LocalBackend, stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A second instance beside the session's own."""
    (tmp_path / "environments").symlink_to((backend.home / "environments").resolve())
    second = Stack(course, LocalBackend(tmp_path), tmp_path)
    second.keep(["mlflow"])
    yield second
    second.stop()


def family(running: Running) -> list[psutil.Process]:
    root = psutil.Process(running.handle["pid"])
    return [root, *root.children(recursive=True)]


def listening(running: Running) -> set[tuple[str, int]]:
    """What a service's processes listen on."""
    found = [c for process in family(running) for c in process.net_connections(kind="inet") if c.status == psutil.CONN_LISTEN]
    return {(c.laddr.ip, c.laddr.port) for c in found}


def test_every_service_has_a_class(course: Course) -> None:
    """Each service file has its grader's side, and the other way round."""
    assert {spec.id for spec in course.services()} == set(SERVICES)


@pytest.mark.parametrize("service", ["postgres", "s3", "mlflow"])
def test_only_declared_ports_are_open(running: dict[str, Running], service: str) -> None:
    """A service listens on the ports that its file declares, on loopback, and on no other."""
    declared = {("127.0.0.1", address.port) for address in running[service].ports.values()}
    assert listening(running[service]) == declared


def test_two_instances_live_side_by_side_and_keep_their_data(another: Stack, running: dict[str, Running]) -> None:
    """A second instance shares no port with the first, stops in seconds, and finds its data again when it is restarted."""
    up = another.running()
    ports = [{a.port for r in instance.values() for a in r.ports.values()} for instance in (up, running)]
    assert ports[0] & ports[1] == set()
    name = "learner-own"
    namespace = Namespace(name, {n: another.service(r) for n, r in up.items()}, up)
    namespace.open()
    run = Mlflow(namespace.grants["mlflow"]).log_run("kept", {}, {"auc": 0.5})
    s3_client(namespace.grants["s3"]).put_object(Bucket=name, Key="x", Body=b"kept")
    with connect(namespace.grants["postgres"]) as session:
        session.execute("CREATE TABLE x AS SELECT 1 AS a")
    processes = {service: family(r) for service, r in up.items()}
    for service in ("mlflow", "s3", "postgres"):
        processes[service][0].terminate()
        _, alive = psutil.wait_procs(processes[service], timeout=STOP_SECONDS)
        assert (service, alive) == (service, [])
    s3_ports = [str(address.port) for address in up["s3"].ports.values()]
    assert [path for port in s3_ports for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")] == []
    again = another.keep(["mlflow"])
    services = {n: another.service(r) for n, r in again.items()}
    assert [r.id for r in services["mlflow"].questions(name).runs()] == [run]
    assert services["s3"].questions(name).get("x", cap=10) == b"kept"
    assert services["postgres"].questions(name).rows("SELECT a FROM x") == [(1,)]
    restarted = Namespace(name, services, again)
    restarted.open()
    assert [o["Key"] for o in s3_client(restarted.grants["s3"]).list_objects_v2(Bucket=name)["Contents"]] == ["x"]
    restarted.close()


def test_what_needs_a_service_that_died_is_started_again_with_it(another: Stack) -> None:
    """Although nobody asked for it: it knows the dead one's address. A run that began before is our fault from then on, for
    all that answers again."""
    up = another.running()
    with contextlib.suppress(ServiceFailed), lease(another, up, ["mlflow"], another.backend) as leased:
        leased.check()
        for process in family(up["postgres"]):
            process.kill()
        again = another.again(["postgres"])
        with pytest.raises(ServiceFailed, match=r"^postgres ended during the run: its process \d+ has ended$"):
            leased.check()
    changed = {name: running.handle["pid"] != up[name].handle["pid"] for name, running in again.items()}
    assert changed == {"postgres": True, "s3": False, "mlflow": True}
    assert another.answers(again["mlflow"])


def test_nothing_is_started_again_for_who_uses_nothing(course: Course, tmp_path: Path) -> None:
    """A command that was interrupted has stopped its services; a last grading of it must not bring them back."""
    stack = Stack(course, LocalBackend(tmp_path), tmp_path)
    with pytest.raises(ServiceFailed, match=r"^the services were stopped, since nobody uses them any more"):
        stack.again(["postgres"])
    assert stack.running() == {}


def test_secrets_are_for_the_owner_only(backend: LocalBackend, running: dict[str, Running]) -> None:
    """No other user of the machine can read a service's files, and no secret stands on a command line."""
    homes = [Path(r.handle["log"]).parent for r in running.values()]
    modes = {stat.S_IMODE(folder.stat().st_mode) for home in homes for folder in (home / "files", home / "data")}
    assert modes == {0o700}
    words = [word for r in running.values() for process in family(r) for word in process.cmdline()]
    secrets = [line for home in homes for file in (home / "files").glob("admin-password") for line in [file.read_text()]]
    assert [secret for secret in secrets if any(secret in word for word in words)] == []
