"""An environment: the locked Python packages that a sandbox or a server runs with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grader.spec.base import Document, Sentence

DebianPackage = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]


class EnvironmentSpec(Document):
    """`environments/<id>/environment.yaml`, beside the `pyproject.toml` and `uv.lock` that it stands for."""

    purpose: Sentence
    system: tuple[DebianPackage, ...] = ()
    """Debian packages that its image holds beside the lock, for commands that no wheel carries. On the local backend the
    machine must have these commands itself."""
    preload: tuple[str, ...] = ()
    """Modules that a prepared sandbox imports beforehand, since almost every notebook of the environment does."""
