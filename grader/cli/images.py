"""Where a command builds images, when one of its labs asks for that and this machine can."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from grader.cli.app import say

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.stack.images import Images
    from grader.stack.stack import Stack


def refuse_lacking(lab: Lab) -> None:
    """Raise BadInput when a check can't be made on this machine: marks without it would be wrong."""
    lacking = lab.spec.lacking(())
    if not lacking:
        return
    from grader.backends.docker.backend import DockerBackend
    from grader.errors import BadInput, Unavailable

    try:
        DockerBackend().probe()
    except Unavailable:
        raise BadInput(
            f"{', '.join(lacking)} can't be checked without Docker, so no marks are given for lab {lab.id} on this machine",
            "grade where `docker info` works; `mlops check` shows what can be checked here",
        ) from None


@contextlib.contextmanager
def images_for(labs: Sequence[Lab], services: Stack) -> Iterator[Images | None]:
    """A builder with the services it needs until the block ends; None when no lab needs one, or there is no Docker."""
    if not any(lab.spec.lacking(()) for lab in labs):
        yield None
        return
    from grader.backends.docker.backend import DockerBackend
    from grader.errors import Unavailable
    from grader.services.registry import RegistryService
    from grader.stack.images import SERVICES, Images
    from grader.stack.stack import Stack

    backend = services.backend if isinstance(services.backend, DockerBackend) else DockerBackend()
    try:
        backend.probe()
    except Unavailable as why:
        say(f"checks that build images are left out: {why}")
        yield None
        return
    stack = services if services.backend is backend else Stack(services.course, backend, services.home, say)
    with stack.use(SERVICES) as running, contextlib.ExitStack() as opened:
        builder = backend.builder(running["package-index"])
        opened.callback(builder.close)
        registry = stack.service(running["registry"])
        assert isinstance(registry, RegistryService)
        yield Images(builder, registry, running["registry"].address)
