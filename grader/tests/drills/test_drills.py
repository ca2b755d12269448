"""Every drill of the course, live: what its entry in the matrix says is what happens."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.drills.rehearsal import rehearse
from grader.drills.room import Room
from grader.stack.stack import Stack
from grader.tests.conftest import ROOT
from grader.tests.drills.conftest import commands

DRILLS = [drill.id for drill in Course(ROOT).drills()]
SIDE_BY_SIDE = 2
Rehearsals = dict[str, Future[list[str]]]


@pytest.fixture(scope="module")
def rehearsals(
    course: Course, home: Path, room: Room, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Rehearsals:
    """All chosen drills, two at a time: each waits for its tools most of the while."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = [item for item in items if item.originalname == test_is_what_its_entry_says.__name__]
    chosen = [course.drill(str(item.callspec.params["drill"])) for item in asked]
    for drill in chosen:
        commands(course, drill)
    room.stack.keep(sorted({service for drill in chosen for service in drill.spec.services}))
    place = tmp_path_factory.mktemp("drills").resolve()

    def one(name: str) -> list[str]:
        drill = course.drill(name)
        own = Room(Stack(course, LocalBackend(home), home), home)
        return rehearse(own, drill, place / name, commands(course, drill))

    executor = ThreadPoolExecutor(SIDE_BY_SIDE)
    request.addfinalizer(executor.shutdown)
    return {drill.id: executor.submit(one, drill.id) for drill in chosen}


@pytest.mark.services
@pytest.mark.parametrize("drill", DRILLS)
def test_is_what_its_entry_says(rehearsals: Rehearsals, drill: str) -> None:
    """The symptom and each triage step print what is declared; the checks fail at the fault and, exactly as declared, after
    each wrong fix; every check fails at least once; after the fix all pass; stop leaves no folder and no state."""
    assert rehearsals[drill].result() == []


@pytest.mark.services
def test_nothing_is_left_on_the_services(rehearsals: Rehearsals, room: Room) -> None:
    """When all drills were stopped, the store has no bucket of theirs, and MLflow no experiment."""
    for rehearsal in rehearsals.values():
        rehearsal.result()
    running = room.stack.running()
    if "s3" in running:
        store = room.stack.service(running["s3"])
        buckets = [bucket["Name"] for bucket in store.admin.s3.list_buckets()["Buckets"]]  # type: ignore[attr-defined]
        assert [name for name in buckets if name.startswith("drill-")] == []
        users = store.admin.iam.list_users()["Users"]  # type: ignore[attr-defined]
        assert [user["UserName"] for user in users if user["UserName"].startswith("drill-")] == []
