"""What `status --json` says: the lab in the learner's folder, its last result, the services that are up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.objects import Account, CapstoneShown, CheckShown, LabShown, MilestoneShown, StatusSaid, TaskShown, Up

if TYPE_CHECKING:
    from grader.backends.protocol import Running
    from grader.course.tree import Course, Lab
    from grader.learner.last_result import Kept
    from grader.learner.record import Record


def status(course: Course, here: tuple[Lab, Path] | None, home: Path, up: list[Up], events: Record) -> StatusSaid:
    """The whole object; `here` is the lab or milestone and its folder, None before one was started."""
    from grader.learner import last_result

    shown = lab_shown(course, *here) if here else None
    kept = last_result.last(home, shown.id) if shown else None
    return StatusSaid(
        lab=shown, result=kept.result if kept else None, checked=kept.sources if kept else {},
        edited=_edited(*here, kept) if here and kept else (), capstone=capstone_shown(course, events), up=tuple(up),
    )  # fmt: skip


def _edited(lab: Lab, folder: Path, kept: Kept) -> tuple[str, ...]:
    """The tasks whose files are no longer those that were checked; none where the folder can't be read, as a check will say."""
    from grader.errors import BadInput
    from grader.learner import changes
    from grader.work.selection import Selection

    if lab.spec.work is None or kept.files is None:
        return ()
    try:
        now = changes.hashes(Selection(lab.spec.work).read(folder))
    except (BadInput, OSError):
        return ()
    return tuple(changes.edited(lab, kept.files, now))


def capstone_shown(course: Course, events: Record) -> CapstoneShown | None:
    """How far the capstone has come; None before it was begun."""
    from grader.capstone import progress

    begun = events.last(progress.STARTED)
    if begun is None:
        return None
    found = progress.standings(course, events)
    milestones = [
        MilestoneShown(
            id=one.milestone.id, title=one.milestone.spec.title, earned=one.earned,
            possible=one.milestone.spec.possible, passed=one.passed,
        )
        for one in found
    ]  # fmt: skip
    return CapstoneShown(folder=begun["folder"], current=progress.current(found).id, milestones=tuple(milestones))


def services_up(course: Course, running: Mapping[str, Mapping[str, Running]]) -> list[Up]:
    """What is up, by backend and service."""
    return [
        Up(backend=backend, service=name, address=address(course, one))
        for backend, services in running.items()
        for name, one in services.items()
    ]


def address(course: Course, running: Running) -> str:
    """Where a service listens: the address of its page, where it has one."""
    return running.address.url if course.service(running.service).ready.http else str(running.address)


def lab_shown(course: Course, lab: Lab, folder: Path) -> LabShown:
    """The lab with its tasks and checks, and what the learner may sign in with at its services."""
    from grader.course.tree import Milestone
    from grader.learner import bundle, workspace

    notebook = None if isinstance(lab, Milestone) else folder / bundle.notebook_name(lab)
    tasks = [
        TaskShown(
            id=task.id, title=task.title, stretch=task.stretch, points=task.points, files=task.files,
            checks=tuple(CheckShown(id=check.id, points=check.points) for check in task.checks if not check.hidden),
        )
        for task in lab.spec.tasks
    ]  # fmt: skip
    return LabShown(
        id=lab.id, title=lab.spec.title, quiz=course.module(lab.spec.module).spec.quiz, folder=str(folder),
        notebook=notebook and str(notebook), started=(notebook or folder).exists(), services=lab.spec.services,
        accounts=_accounts(workspace.kernel_variables(folder)), tasks=tuple(tasks),
    )  # fmt: skip


def _accounts(variables: dict[str, str]) -> dict[str, Account]:
    """The accounts that open a service's page in a browser."""
    user, password = (variables.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    return {"mlflow": Account(user=user, password=password)} if user and password else {}
