"""A backend with services of its own, on which hostile submissions are graded, and what a run leaves there."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import secrets
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psutil

from grader.backends.protocol import Backend, Running, Sandbox, SandboxRequest
from grader.course import data
from grader.course.tree import Course, Lab
from grader.errors import CourseError
from grader.grading.grade import Place, grade
from grader.grading.submission import Submission
from grader.result import Result
from grader.stack.stack import Stack
from grader.stack.state import read
from grader.tests.hostile.case import LIGHT, Case, base, without_imports

LOOT, MOST_LOOT = "loot.txt", 64 * 2**20
"""Where a case that searches for answers writes what it found."""


LONG_ENOUGH = 30
"""A source line that is longer stands nowhere by chance."""


@dataclass
class Opened:
    """A sandbox that a grading opened."""

    request: SandboxRequest
    sandbox: Sandbox
    loot: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sandbox, name)

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError, CourseError):  # nothing there, or the sandbox has ended
            self.loot = self.sandbox.read(LOOT, MOST_LOOT).decode(errors="replace")
        self.sandbox.close()


class Watched:
    """A backend that remembers which sandboxes each thread opened; everything is passed on as it is."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.opened: dict[int, list[Opened]] = {}
        self.requests: list[SandboxRequest] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def open(self, request: SandboxRequest) -> Sandbox:
        self.requests.append(request)
        opened = Opened(request, self._backend.open(request))
        self.opened.setdefault(threading.get_ident(), []).append(opened)
        return cast(Sandbox, opened)


@dataclass
class Graded:
    """A case's result, and all that it left behind."""

    result: Result
    loot: str
    variables: dict[str, str]
    leftovers: list[str]
    seconds: float


@dataclass
class Arena:
    """Call `use` before anything else."""

    course: Course
    backend: Backend
    stack: Stack
    home: Path
    running: dict[str, Running] = field(default_factory=dict)

    @property
    def watched(self) -> Watched:
        return cast(Watched, self.backend)

    @property
    def place(self) -> Place:
        """Where the services are now (they move when they are started again)."""
        return Place(self.course, self.backend, self.stack, self.running, self.home / "evidence")

    @contextlib.contextmanager
    def use(self, services: tuple[str, ...]) -> Iterator[None]:
        """The services are up."""
        with self.stack.use(services) as running:
            self.running = running
            yield

    def restart(self, services: tuple[str, ...]) -> None:
        """What was killed is up again."""
        with self.stack.use(services) as running:
            self.running = running

    def grade(
        self, lab: Lab, submission: Submission, name: str, token: str = "", look: bool = True, course: Course | None = None
    ) -> Graded:
        """Grade it through the real door, and `look` for what is left."""
        opened = self.watched.opened[threading.get_ident()] = []
        place = dataclasses.replace(self.place, course=course or self.course, evidence=self.home / "evidence" / name)
        result = grade(lab, submission, place)
        seconds = result.seconds
        left = [text for one in opened for text in self.left_by(one.request)] + processes_with(token) if look else []
        return Graded(
            result, "\n".join(one.loot for one in opened),
            dict(opened[-1].request.variables) if opened else {}, left, seconds.services + seconds.cells + seconds.checks,
        )  # fmt: skip

    def grade_case(self, lab: Lab, case: Case) -> Graded:
        token = f"attack-{secrets.token_hex(8)}"
        course = self.course
        if case.spec.quick:
            course, lab = without_imports(course, lab, self.home / f"quick-{token}")
        limited = case.limited(lab)
        return self.grade(limited, case.submission(limited, token), f"{case.name}-{token}", token, course=course)

    def secrets(self, lab: Lab, own: dict[str, str]) -> list[str]:
        """What no student may see: checks, samples, answers, unseen rows, the services' and other runs' credentials."""
        answers = [cell.source for cell in base(lab, "solution").cells if cell["id"] not in LIGHT and cell.cell_type == "code"]
        given = "\n".join(cell.source for cell in base(lab, "light").cells)
        sources = [lab.checks.read_text(), *answers, *(file.read_text() for file in lab.folder.glob("samples/*/*.yaml"))]
        lines = {line.strip() for text in sources for line in text.splitlines() if len(line.strip()) > LONG_ENOUGH}
        hidden = data.unseen(self.course, "telco-churn", 10**6, random.Random(0))
        unseen = data.csv_text([{name: row[name] for name in row if name != "churn"} for row in hidden]).splitlines()[1:]
        ours = [secret for one in read(self.stack._file).secrets.values() for secret in one.values()]
        others = [v for request in self.watched.requests for k, v in request.variables.items() if _is_secret(k)]
        known = {*lines, *unseen, *ours, *others}
        return [secret for secret in known if secret not in given and secret not in own.values()]

    def left_by(self, request: SandboxRequest) -> list[str]:
        """Containers, processes, files, and what the namespace's services still hold."""
        namespace = request.variables.get("MLFLOW_TRACKING_USERNAME", "")
        return [*self._sandbox_left(request.name), *self._namespace_left(namespace)]

    def _sandbox_left(self, name: str) -> list[str]:
        left = [f"folder {path}" for path in Path(tempfile.gettempdir()).glob(f"mlops-{name}-*")]
        if self.backend.name == "docker":
            found = self.watched._client.containers(all=True, filters={"label": f"mlops-course.name={name}"})
            left += [f"container {one['Names']}" for one in found]
        return left + processes_with(f"sandbox:{name}")

    def _namespace_left(self, namespace: str) -> list[str]:
        mlflow: Any = self.stack.service(self.running["mlflow"])
        s3: Any = self.stack.service(self.running["s3"])
        experiments = mlflow._experiments_named_for(namespace) if namespace else set()
        buckets = [bucket["Name"] for bucket in s3._admin.s3.list_buckets()["Buckets"]]
        users = [user["username"] for user in mlflow._api.get("2.0/mlflow/users/list").get("users", [])]
        return (
            [f"experiment {one}" for one in experiments]
            + [f"bucket {one}" for one in buckets if one == namespace]
            + [f"user {one}" for one in users if one == namespace]
        )


def _is_secret(variable: str) -> bool:
    return "PASSWORD" in variable or "KEY" in variable


def processes_with(token: str) -> list[str]:
    """Processes of this machine whose command line or environment holds the token."""
    found = []
    for process in psutil.process_iter() if token else ():
        with contextlib.suppress(psutil.Error, OSError):
            command = " ".join(process.cmdline())
            if token in command or any(token in value for value in process.environ().values()):
                found.append(f"process {process.pid}: {command[:200]}")
    return found
