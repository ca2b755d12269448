"""Proves a drill: its symptom and triage are real, each wrong fix fails as declared, the fix passes, and nothing is left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course.tree import Drill
from grader.drills import shell
from grader.drills.folder import ENV
from grader.drills.room import Room, page
from grader.errors import BadInput
from grader.spec.drill import TriageSpec, WrongFixSpec

SECONDS = 180
SHOWN = 1500


def rehearse(room: Room, drill: Drill, folder: Path, commands: Sequence[Path]) -> list[str]:
    """Live through the drill as the learner who reads its entry. Returns what differs from what is declared.

    Raises BadInput when the drill is under way already, OurFault when it can't be started or one of its checks breaks.
    """
    if room.shelf.read(drill.id) is not None:
        raise BadInput(f"drill {drill.id} is under way", f"end it first: mlops drill stop {drill.id}")
    try:
        return list(_problems(room, drill, folder, commands))
    finally:
        room.stop(drill)


def _problems(room: Room, drill: Drill, folder: Path, commands: Sequence[Path]) -> Iterator[str]:
    state = room.start(drill, folder, commands)
    if "$" in page(drill, state):
        yield f"the page names a fact that inject does not leave: {page(drill, state)}"
    symptom = TriageSpec(run=drill.spec.symptom.run, see=drill.spec.symptom.see, means="the fault")
    yield from _shown(folder, "symptom", symptom)
    for number, step in enumerate(drill.spec.triage, 1):
        yield from _shown(folder, f"triage {number}", step)
    before = room.check(drill)
    killed = {verdict.id for verdict in before if not verdict.passed}
    if not killed:
        yield "no check fails while the fault is there"
    for wrong in drill.spec.wrong:
        yield from _after_wrong(room, drill, folder, wrong)
        killed |= set(wrong.fails)
        if wrong.lasting:
            room.stop(drill)
            room.start(drill, folder, commands)
    yield from _cured(room, drill, folder)
    idle = [verdict.id for verdict in before if verdict.id not in killed]
    yield from (f"check {name!r} fails neither at the fault nor after a wrong fix" for name in idle)
    yield from _left(room, drill, folder)


def _shown(folder: Path, what: str, step: TriageSpec) -> Iterator[str]:
    done = as_learner(step.run, folder)
    if step.see not in done.text:
        yield f"{what}: `{step.run}` does not print {step.see!r} but (exit {done.code}):\n{done.text[-SHOWN:]}"


def _after_wrong(room: Room, drill: Drill, folder: Path, wrong: WrongFixSpec) -> Iterator[str]:
    done = as_learner(wrong.run, folder)
    if done.code:
        yield f"wrong fix {wrong.id!r}: `{wrong.run}` ends with {done.code}:\n{done.text[-SHOWN:]}"
    failed = [verdict.id for verdict in room.check(drill) if not verdict.passed]
    if sorted(failed) != sorted(wrong.fails):
        yield f"after wrong fix {wrong.id!r} these fail: {failed or 'none'}; declared: {', '.join(wrong.fails)}"


def _cured(room: Room, drill: Drill, folder: Path) -> Iterator[str]:
    for step in drill.spec.fix:
        done = as_learner(step.run, folder)
        if done.code:
            yield f"fix: `{step.run}` ends with {done.code}:\n{done.text[-SHOWN:]}"
    for verdict in room.check(drill):
        if not verdict.passed:
            yield f"after the fix {verdict.id!r} fails: expected {verdict.expected}, found {verdict.found}"


def _left(room: Room, drill: Drill, folder: Path) -> Iterator[str]:
    room.stop(drill)
    if folder.exists():
        yield f"stop leaves {folder}"
    if room.shelf.read(drill.id) is not None:
        yield "stop leaves the drill's state"


def as_learner(command: str, folder: Path) -> shell.Output:
    """Run a command as a person types it: in the drill's folder, in a shell that has read `env.sh`."""
    own = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return shell.run(f". ./{ENV}\n{command}", folder, own, SECONDS)
