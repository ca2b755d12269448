"""A witness that answers as another did, but for one answer."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks import Fail, Lab, NotRun
from grader.checks.registry import Check
from grader.run.questions import NoAnswer, Witness
from grader.services.mlflow_questions import NoSuchRun
from grader.services.postgres_questions import BadQuery
from grader.tests.odd.values import distinct, odd_file

VERDICTS = (Fail, NotRun, NoSuchRun, BadQuery)
"""What a check may raise: `grader.checks.judge` makes a verdict of each."""


OURS = "examiner"
"""The role of a sandbox in which only the author's code runs: what it answers has the shape that the author gave it."""


@dataclass(frozen=True)
class Said:
    """One answer: who gave it, what was asked for, and what came."""

    role: str
    asked: str
    answer: Any


class Recorder(Witness):
    """Passes questions on, and keeps the answers."""

    def __init__(self, role: str, witness: Witness, said: list[Said]) -> None:
        self._role, self._witness, self._said = role, witness, said

    def value(self, name: str) -> Any:
        """See Witness."""
        return self._keep(name, self._witness.value(name))

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """See Witness."""
        return self._keep(name, self._witness.call(name, *args, **kwargs))

    def file(self, path: str, cap: int) -> bytes:
        """See Witness."""
        content: bytes = self._keep(path, self._witness.file(path, cap))
        return content

    def _keep(self, asked: str, answer: Any) -> Any:
        self._said.append(Said(self._role, asked, answer))
        return answer


class Replayer(Witness):
    """Gives these answers one after the other; whoever asks for more is told that the kernel is gone."""

    def __init__(self, answers: Iterator[Any]) -> None:
        self._answers = answers

    def value(self, name: str) -> Any:
        """See Witness."""
        return self._next()

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """See Witness."""
        return self._next()

    def file(self, path: str, cap: int) -> bytes:
        """See Witness."""
        content: bytes = self._next()
        return content

    def _next(self) -> Any:
        for answer in self._answers:
            return answer
        raise NoAnswer("gone", "the kernel is no more")


def broken_by(check: Check, hand: Callable[[], Lab], files: bool) -> list[str]:
    """The ways in which the check breaks where one answer is odd, or one file that was handed in (if `files`), each once: empty
    when it always comes to a verdict."""
    said: list[Said] = []
    lab = hand()
    shared = dict(lab.run.answers)
    _through(lab, lambda role, witness: Recorder(role, witness, said))
    found = {problem: f"{check.id} on the solution: {problem}" for problem in [_verdict(check, lab)] if problem}

    def look(answers: list[Any], submitted: Mapping[str, bytes], what: str) -> None:
        lab = hand()
        lab.run = dataclasses.replace(lab.run, answers=dict(shared), submitted=submitted)
        replayer = Replayer(iter(answers))
        _through(lab, lambda *_: replayer)
        problem = _verdict(check, lab)
        if problem:
            found.setdefault(problem, f"{check.id}: {what}: {problem}")

    answers, submitted = [one.answer for one in said], lab.run.submitted
    for at, one in enumerate(said):
        if one.role == OURS:
            continue
        for other in odd_file(one.answer) if isinstance(one.answer, bytes) else distinct(one.answer):
            look([*answers[:at], other, *answers[at + 1 :]], submitted, f"{one.asked} answers {str(other)[:80]!r}")
    for path, content in submitted.items() if files else ():
        for other in odd_file(content):
            look(answers, {**submitted, path: other}, f"{path} holds {other[:40]!r}")
    return list(found.values())


def _through(lab: Lab, between: Callable[[str, Witness], Witness]) -> None:
    """Put something between the check and its witnesses, which it gets with their role."""
    examiner = lab._examiner
    lab._witness = between("run", lab._witness)
    lab._examiner = lambda role: between(role, examiner(role))


def _verdict(check: Check, lab: Lab) -> str:
    """What the check raises in place of a verdict, and in which line; "" when it comes to one."""
    try:
        check.function(lab)
    except VERDICTS:
        return ""
    except Exception as error:  # whatever it is: that's what is looked for
        inside = [frame for frame in traceback.extract_tb(error.__traceback__) if "checks" in Path(frame.filename).name]
        return f"{type(error).__name__} in {' < '.join(f'{frame.name}:{frame.lineno}' for frame in reversed(inside))}"
    return ""
