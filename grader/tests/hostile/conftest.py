"""One stack of services a backend for the whole session, and cases graded two at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from grader.backends.docker.backend import DockerBackend
from grader.backends.local.backend import LocalBackend
from grader.backends.protocol import Backend
from grader.course.tree import Course, Lab
from grader.errors import Unavailable
from grader.stack.stack import Stack
from grader.tests import clusters, kept
from grader.tests.hostile.arena import Arena, Graded, Watched
from grader.tests.hostile.case import Case

SIDE_BY_SIDE = 2
Arenas = Callable[[str], Arena]


@pytest.fixture(scope="session")
def arenas(course: Course, lab04: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arenas]:
    """The arena of a backend, its services up, made when it is first asked for."""
    made: dict[str, Arena] = {}
    with contextlib.ExitStack() as stack:

        def arena(name: str) -> Arena:
            if name not in made:
                home = tmp_path_factory.mktemp(f"hostile-{name}")
                one = _arena(course, name, home)
                stack.callback(one.stack.reset)
                stack.enter_context(one.use(lab04.spec.services))
                one.backend.prepare(course.environment(lab04.spec.environment))
                made[name] = one
            return made[name]

        yield arena


def _arena(course: Course, name: str, home: Path) -> Arena:
    made = _kubernetes(course) if name == "kubernetes" else _docker() if name == "docker" else _local(home)
    watched = cast(Backend, Watched(made))
    return Arena(course, watched, Stack(course, watched, home), home)


def _docker() -> Backend:
    backend = DockerBackend()
    try:
        backend.probe()
    except Unavailable as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(why))
    return backend


def _kubernetes(course: Course) -> Backend:
    backend = clusters.backend(SIDE_BY_SIDE)
    for environment in map(course.environment, ("tracking", "servers")):
        clusters.load(environment, None, backend.prepare(environment))
    return backend


def _local(home: Path) -> Backend:
    """Data of its own; the virtual environments are kept from session to session."""
    return LocalBackend(kept.home(home))


@pytest.fixture(scope="session")
def graded(request: pytest.FixtureRequest, arenas: Arenas, lab04: Lab) -> Iterator[Callable[[str, Case], Graded]]:
    """What a case got on a backend. All that were selected are graded, two at a time, from the first question on."""
    wanted: list[tuple[str, Case]] = [
        (cast(str, item.callspec.params["on"]), cast(Case, item.callspec.params["case"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "case" in item.callspec.params
    ]
    futures: dict[tuple[str, str], Future[Graded]] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="hostile") as pool:

        def answer(on: str, case: Case) -> Graded:
            arena = arenas(on)
            for backend, one in wanted:
                if backend == on and (on, one.name) not in futures:
                    futures[on, one.name] = pool.submit(arena.grade_case, lab04, one)
            return futures[on, case.name].result()

        yield answer
        pool.shutdown(cancel_futures=True)
