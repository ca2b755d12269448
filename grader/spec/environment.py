"""An environment: the locked Python packages that a sandbox or a server runs with."""

from __future__ import annotations

from grader.spec.base import Document, Sentence


class EnvironmentSpec(Document):
    """`environments/<id>/environment.yaml`, beside the `pyproject.toml` and `uv.lock` that it stands for."""

    purpose: Sentence
    preload: tuple[str, ...] = ()
    """Modules that a prepared sandbox imports beforehand, since almost every notebook of the environment does."""
