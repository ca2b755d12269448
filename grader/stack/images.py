"""Where images of submissions are built and pushed: beside the services of a run, whatever backend those are on."""

from __future__ import annotations

from dataclasses import dataclass

from grader.backends.protocol import Address, ImageBuilder
from grader.services.registry import RegistryService

SERVICES = ("package-index", "registry")
"""What has to be up in containers for it."""


@dataclass(frozen=True)
class Images:
    """A builder, and the registry that its images are pushed to."""

    builder: ImageBuilder
    registry: RegistryService
    address: Address
    """Of the registry, as the engine reaches it."""
