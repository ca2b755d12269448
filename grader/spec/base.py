"""What every content file has in common: `schema: 1`, an immutable id, and no key that we don't know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""An id: lower-case words joined by hyphens. It never changes once released, for learners' records point at it."""

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that a person reads; never empty."""


class Part(BaseModel):
    """A piece of a content file: frozen, and closed to keys that no schema names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(Part):
    """A whole content file."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this file's format.")
    id: Slug
    title: Sentence
