"""A student's traceback, trimmed to the cells of the notebook: which line of which cell, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_FRAMES = 4
"""Shown of a traceback: where it begins, and where it ends; a recursion has a thousand in between."""
MAX_WIDTH = 100
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


@dataclass(frozen=True)
class Frame:
    """A line of a cell. The text is the student's: shown, never trusted."""

    cell: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.cell}, line {self.line}: {self.text}"


def frames(notebook: Any, error: Any) -> list[Frame]:
    """The frames of an error output that lie in cells of the notebook, outermost first.

    A kernel can print any traceback it likes: what names no line of a cell is passed over.
    """
    cells = {cell.get("execution_count"): cell for cell in notebook.cells if cell.cell_type == "code"}
    found = list(_named(cells, "\n".join(map(str, error.get("traceback", [])))))
    return found if len(found) <= MAX_FRAMES else [found[0], *found[1 - MAX_FRAMES :]]


def _named(cells: dict[Any, Any], text: str) -> Iterator[Frame]:
    for match in _FRAME.finditer(_COLOUR.sub("", text)):
        cell, line = cells.get(int(match[1])), int(match[2])
        lines = cell.source.splitlines() if cell is not None else []
        if cell is not None and 0 < line <= len(lines):
            yield Frame(cell["id"], line, lines[line - 1].strip()[:MAX_WIDTH])
