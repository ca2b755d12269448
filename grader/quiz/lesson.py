"""A lesson's py:percent text, cell by cell. Reading it as a notebook would import Jupyter: seconds, for one heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKER = re.compile(r"^# %%(?P<about>[ \t].*)?$", re.MULTILINE)
"""`# %%writefile` is no marker but a magic inside a cell."""
_ID = re.compile(r'\b(?:id|task)="([^"]+)"')
_HEADING = re.compile(r"^# #{1,6}\s+(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One cell: its id ("" without one), where its text starts and ends in the file, and its headings, if it has text."""

    id: str
    start: int
    end: int
    headings: tuple[str, ...]


def cells(text: str) -> Iterator[Cell]:
    """The cells in order."""
    markers = list(_MARKER.finditer(text))
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    for marker, end in zip(markers, ends, strict=True):
        about = marker["about"] or ""
        name = _ID.search(about)
        headings = _HEADING.findall(text[marker.end() : end]) if "[markdown]" in about else []
        yield Cell(name[1] if name else "", marker.start(), end, tuple(headings))


def heading_of(text: str, wanted: str) -> str:
    """The first heading of the cell, or the last one above it; "" where there is neither."""
    last = ""
    for cell in cells(text):
        if cell.id == wanted:
            return cell.headings[0] if cell.headings else last
        last = cell.headings[-1] if cell.headings else last
    return ""
