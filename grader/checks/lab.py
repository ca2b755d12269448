"""What a check holds in its hand: the student's kernel, the run's files and namespaces, and a seeded source of inputs."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from grader.checks.expect import Expectation, Fail, NotRun, each, show
from grader.checks.images import ImageQuestions
from grader.course import data
from grader.course.tree import Course
from grader.course.tree import Lab as LabFolder
from grader.run.evidence import Evidence
from grader.run.questions import Csv, NoAnswer, Witness
from grader.services.mlflow_questions import MlflowQuestions
from grader.services.package_index_questions import PackageIndexQuestions
from grader.services.postgres_questions import PostgresQuestions
from grader.services.s3_questions import S3Questions

T = TypeVar("T")
MAX_FILE = 4 * 2**20
"""Bytes of a file that a check reads, unless it says otherwise."""


@dataclass(frozen=True)
class Rows:
    """Rows of a dataset as a check draws them: `table` without the label goes to the student, `labels` stay here."""

    table: Csv
    labels: list[str]


@dataclass(frozen=True)
class Run:
    """The facts of this run that only the grader knows for sure."""

    seed: int
    parameters: Mapping[str, Any]
    files: Mapping[str, bytes]
    """What the author put into the work folder."""
    submitted: Mapping[str, bytes] = field(default_factory=dict)
    """The files that were handed in, as they were handed in."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What the kernel answered to questions that several checks share."""


class Lab:
    """The author's window on one run. Everything it returns is plain data; nothing it does writes to the run's namespace."""

    def __init__(
        self,
        course: Course,
        lab: LabFolder,
        run: Run,
        evidence: Evidence,
        witness: Witness,
        questions: Mapping[str, Any],
        examiner: Callable[[str], Witness],
        check: str,
    ) -> None:
        self._course, self._lab, self.run, self._evidence = course, lab, run, evidence
        self._witness, self._questions, self._examiner = witness, questions, examiner
        self._check = check
        self.random = random.Random(f"{run.seed}:{check}")  # noqa: S311  # draws inputs, hides nothing
        """Seeded by the submission and the check: the same submission always gets the same inputs."""

    def value(self, name: str, returns: type[T] | None = None) -> T:
        """The notebook's variable `name`, of type `returns`. Raises NotRun or Fail."""
        return self._typed(name, self._ask(lambda: self._witness.value(name)), returns)

    def call(self, name: str, /, *args: Any, returns: type[T] | None = None, **kwargs: Any) -> T:
        """What the notebook's function `name` returns for these arguments. Raises NotRun or Fail."""
        return self._typed(f"{name}(…)", self._ask(lambda: self._witness.call(name, *args, **kwargs)), returns)

    def once(self, name: str, *args: Any, returns: type[T] | None = None) -> T:
        """Like `call`, but a question that several checks share is put to the kernel only the first time."""
        key = repr((name, args))
        if key not in self.run.answers:
            self.run.answers[key] = self.call(name, *args)
        return self._typed(f"{name}(…)", self.run.answers[key], returns)

    def refuses(self, name: str, *args: Any, error: str) -> None:
        """The notebook's function `name` must raise `error` for these arguments. Raises Fail when it doesn't."""
        try:
            answer = self._witness.call(name, *args)
        except NoAnswer as refusal:
            if refusal.raised != error:
                raise Fail(f"{name} raises {error}", refusal.message) from None
        else:
            raise Fail(f"{name} raises {error}", f"it gave {show(answer)}")
        finally:
            self._forget()

    def file(self, path: str, cap: int = MAX_FILE) -> bytes:
        """The regular file that the run left at `path` below its work folder, of at most `cap` bytes. Raises NotRun or Fail."""
        try:
            return self._witness.file(path, cap)
        except NoAnswer as error:
            if error.kind == "missing":
                raise NotRun(error.message, "the task makes it") from None
            raise Fail(f"a file at {path}", error.message) from None

    def submitted(self, path: str) -> str:
        """The text of a file as it was handed in, whatever the run did to it since. Raises NotRun or Fail."""
        if path not in self.run.submitted:
            raise NotRun(f"no file {path} was handed in", "the task makes it")
        try:
            return self.run.submitted[path].decode()
        except UnicodeDecodeError:
            raise Fail(f"{path} is a text file", "it is not UTF-8 text") from None

    def toml(self, path: str) -> dict[str, Any]:
        """What a TOML file says that was handed in. Raises NotRun or Fail."""
        try:
            return tomllib.loads(self.submitted(path))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise Fail(f"a {path} that can be read", f"it is no TOML: {error}") from None

    def draw(self, name: str, low: int, high: int) -> int:
        """An integer in [low, high] drawn by the submission's seed and this name: the same in every check."""
        return random.Random(f"{self.run.seed}:{name}").randint(low, high)  # noqa: S311  # hides nothing

    def examine(self, name: str, *args: Any, returns: type[T] | None = None) -> T:
        """The same in a fresh sandbox that runs the author's `examiner.py` and not one line of the student's code.

        It opens what the run left (a model, a pickle) with the run's own credentials.
        """
        return self._typed(f"{name}(…)", self._ask(lambda: self._examiner("examiner").call(name, *args)), returns)

    def try_out(self, name: str, *args: Any, returns: type[T] | None = None) -> T:
        """The same in another one, where `examiner.py` starts what was handed in: tests, a package, a pipeline. What they leave
        behind, a process or a file, can only change what is tried out after them."""
        return self._typed(f"{name}(…)", self._ask(lambda: self._examiner("trial").call(name, *args)), returns)

    def unseen(self, dataset: str, rows: int, label: str) -> Rows:
        """`rows` rows of the dataset that no learner's file holds, drawn by this check's seed."""
        drawn = data.unseen(self._course, dataset, rows, self.random)
        labels = [row[label] for row in drawn]
        table = data.csv_text([{key: value for key, value in row.items() if key != label} for row in drawn])
        return Rows(Csv(table), labels)

    @property
    def mlflow(self) -> MlflowQuestions:
        """The run's experiment on the live MLflow server."""
        asker: MlflowQuestions = self._questions["mlflow"]
        return asker

    @property
    def s3(self) -> S3Questions:
        """The run's bucket."""
        asker: S3Questions = self._questions["s3"]
        return asker

    @property
    def postgres(self) -> PostgresQuestions:
        """The run's schema."""
        asker: PostgresQuestions = self._questions["postgres"]
        return asker

    @property
    def package_index(self) -> PackageIndexQuestions:
        """The run's package index, and the course's below it."""
        asker: PackageIndexQuestions = self._questions["package-index"]
        return asker

    @property
    def images(self) -> ImageQuestions:
        """Images built from the files that were handed in. Only for checks that declare `needs: [docker]`."""
        asker: ImageQuestions = self._questions["images"]
        return asker

    def expect(self, what: str, found: Any, where: str = "") -> Expectation:
        """Begin to state what is expected of `found`; `where` says where it was read."""
        return Expectation(what, found, where)

    def each(self, what: str, items: Sequence[T], problem: Callable[[T], str], expected: str) -> None:
        """See `grader.checks.expect.each`: what is right for a share of the items earns that share of the points."""
        each(what, items, problem, expected)

    def fail(self, expected: str, found: str, next_step: str = "") -> NoReturn:
        """The statement does not hold."""
        raise Fail(expected, found, next_step)

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except NoAnswer as error:
            task = self._lab.task_of(self._check).id
            cell = self._evidence.cells.get(task)
            if error.kind == "undefined" and cell is not None and cell.status == "raised":
                at = f", line {cell.line}" if cell.line else ""
                raise NotRun(f"cell {task!r}{at} raised {cell.error}", "the task's cell runs") from None
            if error.kind == "raised" and "NotImplementedError" in error.message:
                raise NotRun("the task is not written yet (NotImplementedError)", "your own code") from None
            if error.kind in ("undefined", "gone"):
                raise NotRun(error.message, "the task's cell defines it") from None
            step = (
                "Run the task's cell in the notebook and call the function there: its traceback says more."
                if error.raised
                else ""
            )
            raise Fail("an answer from your code", error.message, step) from None
        finally:
            self._forget()

    def _forget(self) -> None:
        """Code of the student's ran: what the services hold may be something else now."""
        for asker in self._questions.values():
            if isinstance(asker, MlflowQuestions):
                asker.forget()

    @staticmethod
    def _typed(what: str, answer: Any, returns: type[T] | None) -> T:
        if returns is None:
            untyped: T = answer
            return untyped
        try:
            return TypeAdapter(returns).validate_python(answer, strict=True)
        except ValidationError:
            raise Fail(f"{what} gives {_shown(returns)}", f"{show(answer)} ({type(answer).__name__})") from None


def _shown(wanted: Any) -> str:
    """A type as a learner reads it."""
    if is_typeddict(wanted):
        return f"a dict with {', '.join(wanted.__annotations__)}"
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _shown(parts[0])
    if isinstance(origin, type) and isinstance(wanted, GenericAlias):
        return f"{origin.__name__}[{', '.join(map(_shown, parts))}]"
    return wanted.__name__ if isinstance(wanted, type) else str(wanted)
