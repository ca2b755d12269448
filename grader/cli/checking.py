"""A folder of one's own, checked: its verdict is shown, and then the traces of the check are removed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from grader.cli.app import console, home, leave, say, stack
from grader.cli.chosen import remember
from grader.cli.images import images_for

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.result import Result


@dataclass(frozen=True)
class Shown:
    """How a verdict is shown: as one JSON object, or as a table (in sentences, if `plain`) with what the first check that did
    not pass expected and found (all of them, if `everything`), and then what there is to do."""

    as_json: bool
    everything: bool
    plain: bool
    next_step: Callable[[Result], str] | None = None

    def __call__(self, lab: Lab, result: Result) -> None:
        """Write it to standard output."""
        from grader.cli import render

        if self.as_json:
            sys.stdout.write(result.json_line() + os.linesep)
            return
        render.score(console(), lab.spec.title, result, self.plain)
        render.feedback(console(), result, None if self.everything else 1, self.plain)
        if self.next_step is not None:
            console().print(f"\n{self.next_step(result)}")


def check_folder(lab: Lab, folder: Path, backend: str, doing: str, shown: Shown) -> NoReturn:
    """Say what is being done, grade the folder, remember and show the verdict, and leave: with 0 for full marks, 3 for a fault
    of ours, else 1."""
    from grader.cli.answered import answer
    from grader.cli.patience import patience
    from grader.grading.grade import Place, grade
    from grader.grading.inbox import of_folder

    submission = of_folder(lab, folder)
    services = stack(backend)
    with (
        services.use(lab.spec.services) as running,
        images_for([lab], services) as images,
        tidied_up() as afterwards,
    ):
        say(doing)
        place = Place(services.course, services.backend, services, running, home() / "evidence", images, afterwards)
        with patience(lab.spec.limits.total_seconds):
            result = grade(lab, submission, place)
        remember(lab, result, submission)
        shown(lab, result)
        code = 3 if result.ours else 0 if result.full else 1
        answer(code)
    leave(code)


@contextlib.contextmanager
def tidied_up() -> Iterator[contextlib.ExitStack]:
    """What is put into it is closed at the end. The verdict is out by then, and stands, whatever can't be closed."""
    afterwards = contextlib.ExitStack()
    try:
        yield afterwards
    finally:
        try:
            afterwards.close()
        except Exception as error:  # whatever it is, it is no part of the verdict
            say(
                "what this check made on the services could not be removed. It stays, in no later check's way; "
                f"`mlops doctor` says whether they are well: {error}"
            )
