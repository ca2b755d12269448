"""`mlops watch`: checks again at each save what the save can have changed, and shows the one check to work on next."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import PlainOption, app, console, home, leave, say, stack
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

    def __init__(self, lab: Lab, folder: Path, place: Place, plain: bool) -> None:
        self._lab, self._folder, self._place, self._plain = lab, folder, place, plain
        self._graded: Submission | None = None
        self._result: Result | None = None

    @property
    def full(self) -> bool:
        """Whether everything passed at the last check."""
        return self._result is not None and self._result.full

    def passed(self, check: str) -> bool:
        """Whether this check passed at the last one."""
        return self._result is not None and any(c.id == check and c.status == "passed" for c in self._result.checks)

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
        with _told():
            self._check(self._read(), None)

    def _saved(self) -> None:
        from grader.learner.changes import affected, changed

        with _told():
            now = self._read()
            if self._graded is None or self._result is None or self._result.ours:
                self._check(now, None)
            elif now.sha256 != self._graded.sha256:
                tasks = changed(self._lab, self._graded, now)
                what = f"{', '.join(tasks)} changed" if tasks else "nothing that is checked has changed"
                say(f"{time.strftime('%H:%M:%S')} saved: {what}")
                if tasks:
                    self._check(now, affected(self._lab, tasks))

    def _check(self, now: Submission, tasks: list[str] | None) -> None:
        from grader.cli import render
        from grader.grading.grade import grade
        from grader.learner import workspace
        from grader.learner.changes import joined

        say(f"{time.strftime('%H:%M:%S')} checking {'everything' if tasks is None else ', '.join(tasks)} …")
        with self._place.stack.use(self._lab.spec.services):  # one that died meanwhile is started again
            result = grade(self._lab, now, self._place, tasks)
        if self._result is not None and tasks is not None and not result.ours:
            result = joined(self._lab, self._result, result)
        self._graded, self._result = now, result
        if result.full and tasks is not None and len(tasks) < len(self._lab.spec.tasks):
            say("every check has passed; now all of them on this one version")
            self._check(now, None)
            return
        remember(self._lab, result, workspace.sources(self._lab, now.notebook))
        render.summary(console(), result)
        render.feedback(console(), result, 1, self._plain)

    def _read(self) -> Submission:
        from grader.grading.inbox import of_folder

        return of_folder(self._lab, self._folder)

    def _hint(self) -> None:
        with _told():
            console().print(hinted(self._lab))

    def _all(self) -> None:
        from grader.cli import render

        if self._result is not None:
            render.score(console(), self._lab.spec.title, self._result, self._plain)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a save is said, and the next one is waited for."""
    from grader.errors import CourseError

    try:
        yield
    except CourseError as error:
        say(f"mlops: {error}")


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
