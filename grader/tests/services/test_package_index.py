"""The package index: a run publishes to its own index and nowhere else, and installs what the course's lock names."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from uv import find_uv_bin

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.services.package_index import PackageIndexService
from grader.services.package_index_questions import PackageIndexQuestions, Release
from grader.services.protocol import Grant
from grader.stack.stack import Stack

pytestmark = pytest.mark.services
Opened = tuple[str, Grant]
CPYTHON = r"cp311-cp311|cp3\d+-abi3|py3-none|py2\.py3-none"
MACHINES = r"any|manylinux[\w.]*(x86_64|aarch64)|macosx\w*(x86_64|arm64|universal2)|win_amd64"
WHEEL = re.compile(rf"-({CPYTHON})-({MACHINES})\.whl$")


@pytest.fixture(scope="module")
def index_stack(course: Course, backend: LocalBackend) -> Iterator[Stack]:
    stack = Stack(course, backend, backend.home)
    with stack.use(["package-index"]):
        yield stack


@pytest.fixture(scope="module")
def index(index_stack: Stack) -> PackageIndexService:
    service = index_stack.service(index_stack.running()["package-index"])
    assert isinstance(service, PackageIndexService)
    return service


def _opened(index: PackageIndexService, stack: Stack) -> Iterator[Opened]:
    name = f"run-{uuid.uuid4().hex[:10]}"
    yield name, index.open(name, stack.running()["package-index"].address)
    index.close(name)


@pytest.fixture
def mine(index: PackageIndexService, index_stack: Stack) -> Iterator[Opened]:
    yield from _opened(index, index_stack)


@pytest.fixture
def other(index: PackageIndexService, index_stack: Stack) -> Iterator[Opened]:
    yield from _opened(index, index_stack)


def wheel(folder: Path, version: str = "1.0", text: str = "") -> Path:
    """A wheel of a package `offers`, built as a learner would."""
    (folder / "src" / "offers").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "offers" / "__init__.py").write_text(text)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "offers"\nversion = "{version}"\nrequires-python = ">=3.11"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    return folder / "dist" / f"offers-{version}-py3-none-any.whl"


def uv(grant: Grant, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """uv, with what a run was given and nothing else."""
    given = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "UV_PYTHON_DOWNLOADS": "never", **grant.variables, **variables}
    command = [find_uv_bin(), "--no-progress", *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def published(grant: Grant, file: Path, **variables: str) -> str:
    """What publishing a wheel comes to: "" or the server's status."""
    if not file.exists():
        built = uv(grant, file.parents[1], "build", "--wheel")
        assert built.returncode == 0, built.stderr
    done = uv(grant, file.parents[1], "publish", str(file), **variables)
    found = re.search(r"status code (\d+)", done.stderr)
    return found[1] if found else "" if done.returncode == 0 else done.stderr


def test_a_run_publishes_and_installs(index: PackageIndexService, mine: Opened, tmp_path: Path) -> None:
    """A wheel built with the index's own build backend is seen by the grader, and installs from the run's index."""
    name, grant = mine
    file = wheel(tmp_path)
    assert published(grant, file) == ""
    ask = index.questions(name)
    assert [release.filename for release in ask.releases("offers")] == [file.name]
    assert ask.releases("pyyaml") == []
    assert uv(grant, tmp_path, "venv").returncode == 0
    done = uv(grant, tmp_path, "pip", "install", "--default-index", grant.variables["LAB_INDEX_URL"], "offers", "pyyaml")
    assert (done.returncode, "offers==1.0" in done.stderr, "pyyaml==" in done.stderr) == (0, True, True), done.stderr


def test_a_version_is_never_replaced(mine: Opened, tmp_path: Path) -> None:
    """Other bytes under the same name are refused; the same bytes are no change."""
    _, grant = mine
    assert published(grant, wheel(tmp_path / "a")) == ""
    assert published(grant, tmp_path / "a" / "dist" / "offers-1.0-py3-none-any.whl") == ""
    assert published(grant, wheel(tmp_path / "b", text="changed = True\n")) == "409"


def test_a_run_reaches_no_other_index(mine: Opened, other: Opened, tmp_path: Path) -> None:
    """Neither another run's index nor the course's takes its uploads, and a made-up password opens nothing."""
    file, grant = wheel(tmp_path), mine[1]
    others = other[1].variables["UV_PUBLISH_URL"]
    course = re.sub(r"/[^/]+/lab/$", "/course/wheels/", others)
    assert published(grant, file, UV_PUBLISH_URL=others) == "403"
    assert published(grant, file, UV_PUBLISH_URL=course) == "403"
    assert published(grant, file, UV_PUBLISH_PASSWORD="guessed") in ("401", "403")


def test_a_run_makes_and_changes_nothing_else(mine: Opened, other: Opened) -> None:
    """It may not make users or indexes, give itself more rights, make its index replaceable, or delete another's."""
    name, grant = mine
    root = grant.variables["UV_PUBLISH_URL"].split(f"/{name}/")[0]
    login = {"user": name, "password": grant.variables["UV_PUBLISH_PASSWORD"]}
    token = requests.post(f"{root}/+login", json=login, timeout=30).json()["result"]["password"]
    mark = {"X-Devpi-Auth": base64.b64encode(f"{name}:{token}".encode()).decode(), "Accept": "application/json"}
    attempts: list[tuple[str, str, Any]] = [
        ("PUT", "/somebody", {"password": "x"}),
        ("PUT", f"/{name}/second", {"type": "stage"}),
        ("PATCH", f"/{name}/lab", ["volatile=True"]),
        ("PATCH", "/course/wheels", [f"acl_upload={name}"]),
        ("PATCH", f"/{other[0]}/lab", [f"acl_upload={name}"]),
        ("DELETE", f"/{other[0]}/lab", None),
        ("DELETE", "/course/wheels", None),
    ]
    answers = {
        f"{method} {path}": requests.request(method, root + path, json=body, headers=mark, timeout=30).status_code
        for method, path, body in attempts
    }
    assert answers == dict.fromkeys(answers, 403)


def test_nothing_of_a_closed_namespace_stays(index: PackageIndexService, index_stack: Stack, tmp_path: Path) -> None:
    """The index is gone with its files, and closing it again does nothing; opened anew it is empty."""
    name, address = f"run-{uuid.uuid4().hex[:10]}", index_stack.running()["package-index"].address
    grant = index.open(name, address)
    assert published(grant, wheel(tmp_path)) == ""
    index.close(name)
    index.close(name)
    assert requests.get(grant.variables["LAB_INDEX_URL"], timeout=30).status_code == 404
    index.open(name, address)
    assert index.questions(name).releases("offers") == []
    index.close(name)


def test_opening_again_keeps_what_is_there(index: PackageIndexService, index_stack: Stack, tmp_path: Path) -> None:
    """A learner's own namespace lives on between sessions; its new password works and its old one doesn't."""
    name, address = f"run-{uuid.uuid4().hex[:10]}", index_stack.running()["package-index"].address
    first = index.open(name, address)
    assert published(first, wheel(tmp_path / "a")) == ""
    second = index.open(name, address)
    assert published(second, wheel(tmp_path / "b", version="1.1")) == ""
    assert published(first, wheel(tmp_path / "c", version="1.2")) in ("401", "403")
    assert sorted(r.filename for r in index.questions(name).releases("offers")) == [
        "offers-1.0-py3-none-any.whl", "offers-1.1-py3-none-any.whl",
    ]  # fmt: skip
    index.close(name)


def test_the_course_s_wheels_are_those_of_the_lock(course: Course, index: PackageIndexService) -> None:
    """Whatever the index serves of a package is a file that the lock names."""
    lock = tomllib.loads((course.root / "environments/package-index/uv.lock").read_text(encoding="utf-8"))
    hashes = {p["name"]: {w["hash"].removeprefix("sha256:") for w in p.get("wheels", [])} for p in lock["package"]}
    ask = index.questions("nobody")
    for name in ("pyyaml", "mypy", "ruff", "hatchling", "uv"):
        served = ask.hashes(name)
        assert served and served <= hashes[name], name
    assert ask.hashes("no-such-package") == frozenset()


def test_served_txt_is_the_lock_s_group() -> None:
    """The service's file repeats the group `served` of the lock, wheels for CPython 3.11 only. When this fails, put the
    text that it prints into `served.txt`."""
    root = Path(__file__).parents[3]
    environment = root / "environments" / "package-index"
    lock = tomllib.loads((environment / "uv.lock").read_text(encoding="utf-8"))
    packages = {(p["name"], p["version"]): p for p in lock["package"]}
    export = [find_uv_bin(), "export", "-q", "--frozen", "--no-hashes", "--only-group", "served"]
    export += ["--no-header", "--no-annotate"]
    lines = subprocess.run([*export, "--project", str(environment)], capture_output=True, text=True, check=True).stdout
    wanted = ""
    for line in lines.splitlines():
        name, _, version = line.partition(" ;")[0].strip().partition("==")
        files = packages[name, version]["wheels"]
        hashes = [file["hash"] for file in files if WHEEL.search(file["url"])]
        wanted += f"    {name}=={version} \\\n" + " \\\n".join(f"      --hash={one}" for one in hashes) + "\n"
    service = (root / "environments" / "services" / "package-index.yaml").read_text(encoding="utf-8")
    found = service.partition("  served.txt: |\n")[2].partition("  index.py: |\n")[0]
    assert found == wanted


def test_a_lock_is_moved_to_another_index() -> None:
    """Only addresses change: of the registry, and of each file, which is found by its hash; whatever index made the lock."""
    digest = "9f99786e0d62082a5b121b3437f3167562133711df22128de1e9886f57f0b226"
    made_with = {
        "https://pypi.org/simple": "https://files.pythonhosted.org/packages/2b/e2/x",
        "http://127.0.0.1:40001/course/wheels/+simple/": "http://127.0.0.1:40001/course/wheels/+f/9/9",
    }
    for registry, place in made_with.items():
        lock = (
            f'source = {{ registry = "{registry}" }}\n'
            f'    {{ url = "{place}/a-1-py3-none-any.whl", hash = "sha256:{digest}", size = 3 }},\n'
        )
        assert PackageIndexQuestions.relocated(lock, "http://127.0.0.1:3141") == (
            'source = { registry = "http://127.0.0.1:3141/course/wheels/+simple/" }\n'
            f'    {{ url = "http://127.0.0.1:3141/course/wheels/+f/9f9/9786e0d62082a/a-1-py3-none-any.whl", '
            f'hash = "sha256:{digest}", size = 3 }},\n'
        )


def test_a_release_is_told_by_its_bytes(index: PackageIndexService, mine: Opened, tmp_path: Path) -> None:
    """The hash that the grader sees is that of the file which was sent."""
    name, grant = mine
    file = wheel(tmp_path)
    assert published(grant, file) == ""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert index.questions(name).releases("offers") == [Release(file.name, digest)]


def test_lost_secrets_do_not_shut_the_index(course: Course, backend: LocalBackend) -> None:
    """A stack that forgot its password starts again on the data of the old one, whose wheels need no second download."""
    for forget in (True, False):
        stack = Stack(course, backend, backend.home / "lost")
        with stack.use(["package-index"]) as running:
            service = stack.service(running["package-index"])
            assert isinstance(service, PackageIndexService)
            assert service.questions("nobody").hashes("pyyaml") != frozenset()
        if forget:
            shutil.rmtree(backend.home / "lost" / "stacks")
    stack.reset()
