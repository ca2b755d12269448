"""Where drills are worked on: starts one, checks it, takes it away."""

from __future__ import annotations

import string
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.backends.protocol import Running
from grader.course.tree import Drill as DrillFolder
from grader.drills import folder as place
from grader.drills import script, shell
from grader.drills.access import Access
from grader.drills.drill import Drill
from grader.drills.judge import Verdict, judge
from grader.drills.state import Shelf, State
from grader.errors import BadInput, CourseError, OurFault
from grader.stack.stack import Stack


class Room:
    """The drills of this user: states in `home`, services on `stack`, which stay up after each step."""

    def __init__(self, stack: Stack, home: Path) -> None:
        self.stack, self.shelf = stack, Shelf(home)

    def start(self, drill: DrillFolder, folder: Path, commands: Sequence[Path]) -> State:
        """Make the folder, open namespaces, inject the fault. `commands` are the folders of its environments' commands.

        Raises BadInput when the drill is under way already or the folder is in use; OurFault when it can't be injected
        (then nothing of it is left).
        """
        under_way = self.shelf.read(drill.id)
        if under_way is not None:
            raise BadInput(f"drill {drill.id} is under way in {under_way.folder}", "go on there, or start anew: --again")
        loaded = script.load(drill)
        place.make(drill, folder)
        given = place.variables(folder, shell.path(commands))
        state = State(drill.id, str(folder), time.time(), given, {})
        try:
            access = self._access(drill, state)
            self.shelf.write(state)
            if access is not None:
                given |= access.open()
            if drill.spec.operator and access is not None:
                state.operator = access.operator()
                place.write_operator(folder, state.operator)
            loaded.inject(Drill(state, access))
            place.write_env(folder, given, commands)
            self.shelf.write(state)
        except BaseException as error:
            self._remove(drill, state)
            if isinstance(error, CourseError) or not isinstance(error, Exception):
                raise
            raise OurFault(f"drill {drill.id} could not be set up: {type(error).__name__}: {error}") from error
        return state

    def check(self, drill: DrillFolder) -> list[Verdict]:
        """The verdicts of all checks on what is there now. Raises BadInput when the drill isn't under way."""
        state = self.state(drill)
        if not Path(state.folder).is_dir():
            raise BadInput(f"the drill's folder {state.folder} is gone", f"start anew: mlops drill start {drill.id} --again")
        verdicts = judge(script.load(drill), Drill(state, self._access(drill, state)))
        self.shelf.write(state)
        return verdicts

    def stop(self, drill: DrillFolder) -> bool:
        """Take away namespaces, folder and state. Returns False when the drill wasn't under way."""
        state = self.shelf.read(drill.id)
        if state is None:
            return False
        self._remove(drill, state)
        return True

    def state(self, drill: DrillFolder) -> State:
        """Of a drill under way; BadInput when it isn't."""
        state = self.shelf.read(drill.id)
        if state is None:
            raise BadInput(f"drill {drill.id} is not under way", f"mlops drill start {drill.id}")
        return state

    def _access(self, drill: DrillFolder, state: State) -> Access | None:
        """The services, up, on the ports where the drill began."""
        if not drill.spec.services:
            return None
        running: Mapping[str, Running] = self.stack.keep(drill.spec.services, state.ports)
        state.ports |= {name: running[name].address.port for name in drill.spec.services}
        return Access(self.stack, running, drill.id, drill.spec.services)

    def _remove(self, drill: DrillFolder, state: State) -> None:
        if drill.spec.services:
            running = self.stack.keep(drill.spec.services)
            Access(self.stack, running, drill.id, drill.spec.services).close()
        self.shelf.remove_folder(state)
        self.shelf.forget(drill.id)


def page(drill: DrillFolder, state: State) -> str:
    """What reaches the person on call, with what `inject` found filled in."""
    known = {**state.variables, **{name: str(value) for name, value in state.facts.items()}}
    return string.Template(drill.spec.page).safe_substitute(known)
