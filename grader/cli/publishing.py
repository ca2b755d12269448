"""`mlops admin images`: the environments' images, for a cluster's nodes."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli.admin import admin
from grader.cli.app import PlainOption, console, course, say


@admin.command()
def images(
    names: Annotated[list[str] | None, typer.Argument(metavar="ENVIRONMENT…", help="All, when none is named.")] = None,
    push: Annotated[
        str | None, typer.Option("--push", metavar="REGISTRY/PATH", help="Push them there; graders find them by MLOPS_IMAGES.")
    ] = None,
    plain: PlainOption = False,
) -> None:
    """Build the environments' images with Docker, and print their names.

    An image's name changes with its environment's lock, so a cluster never runs another than the one that was built. Without a
    registry, load them onto every node: mlops admin images --plain | xargs kind load docker-image
    """
    from grader.backends.docker.backend import DockerBackend

    tree, backend, out = course(), DockerBackend(), console()
    backend.probe()
    chosen = [tree.environment(name) for name in names] if names else tree.environments()
    for environment in chosen:
        say(f"{'pushing' if push else 'building'} environment {environment.spec.id} …")
        called = backend.publish(environment, push)
        out.print(called if plain else f"{environment.spec.id:16} {called}", soft_wrap=True)
    if push and not plain:
        out.print(f"On every grader: MLOPS_IMAGES={push}", soft_wrap=True)
