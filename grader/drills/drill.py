"""What `inject` and the checks of a drill hold in their hand."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from grader.backends.protocol import Address
from grader.checks.expect import Expectation, Fail
from grader.drills import shell
from grader.drills.access import Access, Key
from grader.drills.state import State
from grader.services.mlflow_api import MlflowApi
from grader.services.mlflow_questions import MlflowQuestions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SECONDS = 120


class Drill:
    """The author's window on one drill: its folder, a shell in it, and its namespaces on the services."""

    def __init__(self, state: State, access: Access | None) -> None:
        self._state, self._access = state, access
        self._ran: dict[object, shell.Output] = {}
        self.folder = Path(state.folder)
        self.facts: dict[str, Any] = state.facts
        """What `inject` leaves for the checks and the page: plain JSON, out of the learner's reach."""

    def run(
        self, command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None, seconds: float = SECONDS
    ) -> shell.Output:
        """Run a shell command in the drill's folder, with what the learner's shell has. It is the learner's code that
        runs here: believe what it changed elsewhere, not what it says."""
        return shell.run(command, folder or self.folder, self._state.variables | dict(variables or {}), seconds)

    def once(self, command: str, variables: Mapping[str, str] | None = None) -> shell.Output:
        """Like `run`, but what several checks of one verification ask for runs only the first time."""
        key = (command, tuple(sorted((variables or {}).items())))
        if key not in self._ran:
            self._ran[key] = self.run(command, variables=variables)
        return self._ran[key]

    def must_run(self, command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
        """The same for a step of `inject`: returns what was printed; RuntimeError when the command fails."""
        done = self.run(command, folder, variables)
        if done.code:
            raise RuntimeError(f"`{command}` ended with {done.code}: {done.text[-2000:]}")
        return done.text

    def read(self, path: str) -> str:
        """The text of a file of the folder. Raises Fail when there is none."""
        try:
            return (self.folder / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            raise Fail(f"a file {path}", "it isn't there, or is no file") from None

    def write(self, path: str, text: str) -> None:
        """Write a file of the folder, and the folders above it."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def copy(self, path: str = ".") -> Iterator[Path]:
        """A copy of a part of the folder to try things in, removed at the end."""
        with tempfile.TemporaryDirectory(prefix="drill-") as room:
            target = Path(room) / "copy"
            shutil.copytree(self.folder / path, target, symlinks=True)
            yield target

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the learner's shell; `inject` may change them."""
        return self._state.variables

    @property
    def namespace(self) -> str:
        """The name of the learner's user, experiment and bucket."""
        return self._services.namespace

    @property
    def store(self) -> S3Client:
        """The object store as its administrator."""
        return self._services.s3.admin.s3

    def store_as(self, who: str) -> S3Client:
        """The object store as the `job` (the learner's own key), the `neighbour` (see there), or `anybody`."""
        own = Key(self.variables.get("AWS_ACCESS_KEY_ID", ""), self.variables.get("AWS_SECRET_ACCESS_KEY", ""))
        return self._services.store_as({"job": own, "neighbour": self._state.neighbour, "anybody": None}[who])

    def neighbour(self) -> str:
        """Make another team's bucket on the store, once; returns its name."""
        self._state.neighbour = self._services.neighbour()
        return f"{self.namespace}-2"

    @property
    def tracking(self) -> MlflowQuestions:
        """Questions on the learner's experiment, asked with the grader's own credentials."""
        return self._services.mlflow.questions(self.namespace)

    @property
    def tracking_api(self) -> MlflowApi:
        """MLflow's REST API as the learner's user."""
        address = self.variables["MLFLOW_TRACKING_URI"].removeprefix("http://")
        host, _, port = address.partition(":")
        user, password = (self.variables[f"MLFLOW_TRACKING_{name}"] for name in ("USERNAME", "PASSWORD"))
        return MlflowApi(Address(host, int(port)), user, password)

    def rotate_password(self) -> str:
        """Give the learner's MLflow user a new password; the one before is void."""
        return self._services.grant("mlflow")["MLFLOW_TRACKING_PASSWORD"]

    def expect(self, what: str, found: Any, where: str = "") -> Expectation:
        """Begin to state what is expected of `found`."""
        return Expectation(what, found, where)

    def fail(self, expected: str, found: str, next_step: str = "") -> NoReturn:
        """The statement does not hold."""
        raise Fail(expected, found, next_step)

    @property
    def _services(self) -> Access:
        if self._access is None:
            raise RuntimeError(f"drill {self._state.drill} names no services in drill.yaml")
        return self._access
