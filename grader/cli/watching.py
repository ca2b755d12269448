"""`mlops watch`: checks again at each save what the save can have changed, and shows the one check to work on next."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import PlainOption, app, console, home, leave, say, stack
from grader.cli.checking import tidied_up
from grader.cli.chosen import LabArgument, current, remember
from grader.cli.images import images_for
from grader.cli.keys import Poll, keys
from grader.cli.learning import hinted

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.grading.grade import Place
    from grader.grading.submission import Submission
    from grader.result import Result

KEYS = "h hint, a all checks, r check again, q quit"
POLL_MS = 100
"""How often keys are looked for; a save is told by the system at once."""


@app.command()
def watch(
    lab: LabArgument = None,
    plain: PlainOption = False,
    once: Annotated[bool, typer.Option("--until-full", help="End when every check passes.")] = False,
) -> None:
    """Check at each save, and show the check to work on next."""
    from grader.learner import workspace

    chosen, folder = current(lab)
    workspace.read(chosen, folder)
    services = stack("local")
    with services.use(chosen.spec.services) as running, images_for([chosen], services) as images:
        from grader.grading.grade import Place

        place = Place(services.course, services.backend, services, running, home() / "evidence", images)
        watched = Watch(chosen, folder, place, plain)
        out = console()
        out.print(f"Watching {folder}", soft_wrap=True)
        out.print(KEYS)
        with contextlib.suppress(KeyboardInterrupt), keys() as poll:
            watched.check_all()
            events = _events(chosen, folder, poll)
            while not (once and watched.full) and (what := next(events)) != "q":
                watched.react(what)
    leave(0 if watched.full else 1)


class Watch:
    """What was found until now, and what a save or a key does."""

    def __init__(self, lab: Lab, folder: Path, place: Place, plain: bool, only: str | None = None) -> None:
        """`only`: the one task that is shown, and checked again at a save."""
        self._lab, self._folder, self._place, self._plain = lab, folder, place, plain
        self._tasks = [task.id for task in lab.spec.tasks]
        self._shown = [only] if only else self._tasks
        self._unread = False
        self._graded: Submission | None = None
        self._result: Result | None = None

    @property
    def full(self) -> bool:
        """Whether everything that is shown passed at the last check."""
        from grader.learner.changes import only_of

        return self._result is not None and only_of(self._result, self._shown).full

    def react(self, what: str) -> None:
        """Do what a key asks for, or look at what was saved."""
        actions: dict[str, Callable[[], None]] = {"": self._saved, "h": self._hint, "a": self._all, "r": self.check_all}
        action = actions.get(what)
        if action is None:
            console().print(KEYS)
        else:
            action()

    def check_all(self) -> None:
        """Check everything."""
        with self._told():
            self._check(self._read(), self._tasks)

    def _saved(self) -> None:
        from grader.learner.changes import affected, changed

        with self._told():
            now = self._read()
            if self._graded is None or self._result is None or self._result.ours:
                self._check(now, self._tasks)
            elif now.sha256 != self._graded.sha256:
                tasks = changed(self._lab, self._graded, now)
                what = f"{', '.join(tasks)} changed" if tasks else "nothing that is checked has changed"
                say(f"{time.strftime('%H:%M:%S')} saved: {what}")
                again = [task for task in affected(self._lab, tasks) if task in self._shown]
                if again:
                    self._check(now, again)
            elif self._unread:
                say(f"{time.strftime('%H:%M:%S')} saved: as it was checked last")
            self._unread = False

    def _check(self, now: Submission, tasks: list[str]) -> None:
        from grader.cli.patience import patience
        from grader.grading.grade import grade

        say(f"{time.strftime('%H:%M:%S')} checking {'everything' if tasks == self._tasks else ', '.join(tasks)} …")
        lab, stack = self._lab, self._place.stack
        with stack.use(lab.spec.services) as running, tidied_up() as afterwards:  # a dead service starts again
            with patience(lab.spec.limits.total_seconds):
                result = grade(lab, now, replace(self._place, running=running, afterwards=afterwards), tasks)
            more = self._judged(now, tasks, result)
        if more:
            self._check(now, self._tasks)

    def _judged(self, now: Submission, tasks: list[str], result: Result) -> bool:
        """Take a verdict in and show it; or say that now all is checked, which is then still to do."""
        from grader.cli import render
        from grader.learner.changes import joined, only_of

        if result.ours:
            say(f"this was our fault, and counts for nothing: {result.detail}")
            say("what to do: mlops ps says which service is up; r checks again")
            self._graded = None
            return False
        if self._result is not None and tasks != self._tasks:
            result = joined(self._lab, self._result, result)
        self._graded, self._result = now, result
        if self.full and tasks != self._tasks:
            say("every check has passed; now all of them on this one version")
            return True
        remember(self._lab, result, now)
        shown = only_of(result, self._shown)
        render.summary(console(), shown)
        render.feedback(
            console(), shown, 1, self._plain, others="a shows all" if self._shown == self._tasks else "then the others"
        )
        return False

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What is wrong with a save is said, and the next one is waited for."""
        from grader.errors import CourseError

        try:
            yield
        except CourseError as error:
            self._unread = True
            say(f"mlops: {error}")

    def _read(self) -> Submission:
        from grader.grading.inbox import of_folder
        from grader.learner import workspace

        workspace.read(self._lab, self._folder)
        return of_folder(self._lab, self._folder)

    def _hint(self) -> None:
        with self._told():
            console().print(hinted(self._lab))

    def _all(self) -> None:
        from grader.cli import render

        if self._result is not None:
            render.score(console(), self._lab.spec.title, self._result, self._plain)


def _events(lab: Lab, folder: Path, poll: Poll) -> Iterator[str]:
    """A key as its letter, a save of what is handed in as ""."""
    import watchfiles

    from grader.learner.bundle import notebook_name
    from grader.work.selection import Selection

    takes = Selection(lab.spec.work).takes if lab.spec.work else lambda _: False

    def ours(_: watchfiles.Change, file: str) -> bool:
        path = Path(file).relative_to(folder).as_posix()
        return path == notebook_name(lab) or takes(path)

    looked = False  # what was saved before the watch stood is looked for once
    for saved in watchfiles.watch(folder, watch_filter=ours, rust_timeout=POLL_MS, yield_on_timeout=True):
        while key := poll():
            yield key
        if saved or not looked:
            looked = True
            yield ""
