"""The image of an environment: what it is built from, and the name that follows from that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from grader.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from grader.backends.protocol import Environment

REPOSITORY = "mlops-course"
"""The first part of an image's name, unless a registry's takes its place."""
LOCK_FILES = ("pyproject.toml", "uv.lock")
SYSTEM_LIST = "system-packages"
"""The file of the build's context that names the Debian packages, one a line."""


def name(environment: Environment, dockerfile: Path | None, repository: str = REPOSITORY) -> str:
    """`repository/environment:tag`, where the tag changes with the lock and the Dockerfile, and with nothing else."""
    return f"{repository}/{environment.spec.id}:{_digest(context(environment, dockerfile))}"


def context(environment: Environment, dockerfile: Path | None) -> dict[str, bytes]:
    """The files of the build's context. Raises BadInput when one isn't there.

    `dockerfile` serves environments that bring none; by default it is the one beside their folders.
    """
    own = environment.folder / "Dockerfile"
    shared = dockerfile or environment.folder.parent / "Dockerfile"
    paths = [own if own.is_file() else shared, *(environment.folder / each for each in LOCK_FILES)]
    for path in paths:
        if not path.is_file():
            raise BadInput(f"environment {environment.spec.id} needs the file {path}, which isn't there")
    packages = "".join(f"{package}\n" for package in environment.spec.system)
    return {path.name: path.read_bytes() for path in paths} | {SYSTEM_LIST: packages.encode()}


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for each, content in sorted(files.items()):
        digest.update(f"{each} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]
