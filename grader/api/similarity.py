"""Submissions that are alike, as they go over the wire. It is something to look at: no score comes from it."""

from __future__ import annotations

from grader.api.objects import Told


class Side(Told):
    """One of two submissions, and the share of its fingerprints that the other has, too (0 to 1)."""

    submission: int
    student: str
    share: float


class PairShown(Told):
    """Two submissions that are alike; `shared` counts the fingerprints that both have."""

    one: Side
    other: Side
    shared: int


class Similarity(Told):
    """The pairs of an assignment whose larger share reaches the threshold, the most alike first."""

    threshold: float
    compared: int
    """How many students' last submissions were compared."""
    left_out: tuple[str, ...]
    """Students whose last submission has too little code of their own to say anything."""
    pairs: tuple[PairShown, ...]
    more: int = 0
    """Pairs that are not listed: a higher threshold leaves fewer."""


class PassageShown(Told):
    """Lines of a cell or a file, numbered from 1."""

    part: str
    first: int
    last: int
    text: str


class FragmentShown(Told):
    """The same words in both, but for names, numbers, texts, comments and layout."""

    one: PassageShown
    other: PassageShown
    words: int


class Compared(Told):
    """Two submissions of an assignment, side by side."""

    one: Side
    other: Side
    shared: int
    fragments: tuple[FragmentShown, ...]
