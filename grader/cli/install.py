"""`mlops install`: fetches what labs run with, so that everything after it works without a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, backend, console, course, home, say

if TYPE_CHECKING:
    from grader.course.tree import Course, Lab


@app.command()
def install(
    labs: Annotated[list[str] | None, typer.Argument(help="Labs, by id or number; by default the whole course.")] = None,
) -> None:
    """Fetch what labs run with. No command needs a network after it."""
    from grader.backends.local import venv

    tree = course()
    backend("local")
    chosen = [tree.lab(name) for name in labs or []]
    wanted = sorted(_environments(tree, chosen))
    for number, name in enumerate(wanted, 1):
        environment = tree.environment(name)
        say(f"{number}/{len(wanted)} {environment.spec.title} …")
        venv.prepare(environment, home() / "environments")
    what = ", ".join(lab.id for lab in chosen) if chosen else "the course"
    console().print(f"Installed: {len(wanted)} environment(s), in {home() / 'environments'}", soft_wrap=True)
    console().print(f"From here on {what} needs no network.", soft_wrap=True)


def _environments(tree: Course, labs: list[Lab]) -> set[str]:
    """Those of the labs, of their modules' lessons and of all services these need; without labs every one of the course."""
    if not labs:
        everything = [*tree.labs(), *tree.milestones()]
        drills = {name for drill in tree.drills() for name in drill.spec.environments}
        served = (service.environment for service in tree.services())
        return {*drills, *served, *_environments(tree, everything)}
    lessons = [tree.module(lab.spec.module).spec for lab in labs]
    services = {name for lab in labs for name in lab.spec.services} | {name for spec in lessons for name in spec.services}
    served = (tree.service(name).environment for name in _with_needs(tree, services))
    return {*(lab.spec.environment for lab in labs), *(spec.environment for spec in lessons), *served}


def _with_needs(tree: Course, services: Iterable[str]) -> list[str]:
    from grader.stack.stack import in_order

    return [spec.id for spec in in_order(tree, list(services))]
