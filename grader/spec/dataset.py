"""A dataset that several labs use, kept once."""

from __future__ import annotations

from pydantic import Field

from grader.spec.base import Document, Sentence


class DatasetSpec(Document):
    """`labs/data/<id>/dataset.yaml`, beside the file itself and its licence."""

    file: str
    key: str = Field(description="Column that identifies a row.")
    licence: str = Field(description="The file beside it that holds the licence's text.")
    source: Sentence
    rows: int = Field(gt=0)
    unseen: float = Field(gt=0, lt=1, description="Share of the rows that only checks see, chosen by a hash of the row's key.")
