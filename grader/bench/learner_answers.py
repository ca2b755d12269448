"""What a check's questions cost in the code that answers them: the learner's functions, and the author's examiner.

A check is made here as `mlops check` makes it, in a process that has imported everything, and notes each answer.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from grader.backends.local.backend import LocalBackend
from grader.course.tree import find_course
from grader.grading.grade import Place, grade
from grader.grading.inbox import of_folder
from grader.run.questions import Witness
from grader.stack.stack import Stack

MINE, EXAMINER = "of it: the learner's functions, called by checks", "of it: the model, examined"


def answers(home: Path, lab: str, folder: Path, times: int) -> Mapping[str, list[float]]:
    """Seconds that the learner's kernel and the examiner's took for all answers of a check, for each of so many checks."""
    course = find_course()
    chosen = course.lab(lab)
    services = Stack(course, LocalBackend(home), home)
    found: dict[str, list[float]] = {MINE: [], EXAMINER: []}
    with services.use(chosen.spec.services) as running:
        for number in range(times + 1):
            with contextlib.ExitStack() as afterwards, noted() as seconds:
                place = Place(course, services.backend, services, running, home / "evidence", None, afterwards)
                result = grade(chosen, of_folder(chosen, folder), place)
            if not result.full:
                raise SystemExit(f"the solution earned {result.earned:g}: {result.detail}")
            for name, each in found.items():
                if number:  # the first one imports
                    each.append(seconds[name])
    return found


@contextlib.contextmanager
def noted() -> Iterator[dict[str, float]]:
    """The seconds of all answers within the block, by who gave them."""
    seconds: dict[str, float] = defaultdict(float)
    ask: Any = Witness._ask

    def timed(witness: Any, question: dict[str, Any]) -> Any:
        who = MINE if witness._kernel.sandbox.request.name.startswith("run-") else EXAMINER
        began = time.perf_counter()
        try:
            return ask(witness, question)
        finally:
            seconds[who] += time.perf_counter() - began

    with mock.patch.object(Witness, "_ask", timed):
        yield seconds
