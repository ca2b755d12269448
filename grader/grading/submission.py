"""A submission: what was handed in, sealed by its hash before anything looks inside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.errors import BadInput


@dataclass(frozen=True)
class Submission:
    """A sealed submission. `tampered` says how a bundle breaks its own seal."""

    path: str
    student: str | None
    notebook: bytes
    """Empty where the lab's work is files alone and no notebook came with them."""
    tampered: str = ""
    refused: BadInput | None = None
    """Among many: why this one can't be graded, so that the others still are."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The work's files, those of its git repository included, by path."""

    @property
    def sha256(self) -> str:
        """The hash that identifies what was handed in: of the notebook, or of it and each file with its path."""
        digest = hashlib.sha256(self.notebook)
        for path, content in sorted(self.files.items()):
            digest.update(f"\0{len(path.encode())} {len(content)}\0{path}".encode() + content)
        return digest.hexdigest()

    @property
    def seed(self) -> int:
        """Drawn from the hash: the same submission always gets the same inputs."""
        return int(self.sha256[:12], 16)
