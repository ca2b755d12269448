"""What a run left of a notebook, for a page: words and pictures, nothing that a browser would run.

A student's HTML, SVG, widgets and scripts are never shown: of each output the plain text or the PNG picture is taken, and
Markdown is shown as it was written. The page's policy would stop the rest: it allows no script and no picture from elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from grader.errors import BadInput
from grader.gradebook.tables import Assignment, Submission
from grader.grading.sealed import unseal
from grader.queue.intake import lab_of
from grader.result import Result, printable
from grader.server.service import Service

MOST_CELLS, MOST_TEXT, MOST_PICTURE, MOST_NOTEBOOK = 500, 20_000, 2**21, 2**25
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Output:
    """One output: its text, or a picture as base64."""

    kind: Literal["text", "error", "picture"]
    content: str


@dataclass(frozen=True)
class Cell:
    """One cell."""

    kind: Literal["code", "markdown"]
    source: str
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A notebook. `executed`: it is what the run left, and not only what was handed in. `files` of the evidence by name, with
    their sizes."""

    executed: bool
    cells: tuple[Cell, ...]
    files: tuple[tuple[str, int], ...] = ()


def cells_of(service: Service, row: Submission, asked: Assignment, student: str, evidence: Path | None) -> Shown:
    """The notebook of the last run whose evidence is on this machine, or else the one that was handed in."""
    folder = _newest(evidence / asked.content, student, row.sha256) if evidence is not None else None
    if folder is not None:
        sizes = tuple(sorted((file.name, file.stat().st_size) for file in folder.iterdir() if file.is_file()))
        found = _read(folder / "notebook.ipynb")
        if found:
            return Shown(True, tuple(cells(found)), sizes)
    try:
        handed_in = unseal(lab_of(service.content, asked), "submission", service.blobs.get(row.blob)).notebook
    except (BadInput, KeyError):
        return Shown(False, ())
    return Shown(False, tuple(cells(handed_in)))


def cells(content: bytes) -> Iterator[Cell]:
    """The cells of a notebook's bytes, whatever they are; none of what is no notebook."""
    try:
        found = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for cell in found[:MOST_CELLS] if isinstance(found, list) else ():
        if isinstance(cell, dict):
            code = cell.get("cell_type") == "code"
            outputs = tuple(_outputs(cell.get("outputs"))) if code else ()
            yield Cell("code" if code else "markdown", _text(cell.get("source")), outputs)


def _outputs(given: Any) -> Iterator[Output]:
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, dict):
            continue
        given_data = one.get("data")
        data: dict[str, Any] = given_data if isinstance(given_data, dict) else {}
        if one.get("output_type") == "error":
            yield Output("error", _text(one.get("traceback"), "\n") or _text(one.get("evalue")))
        elif one.get("output_type") == "stream":
            yield Output("text", _text(one.get("text")))
        elif picture := _picture(data.get("image/png")):
            yield Output("picture", picture)
        elif "text/plain" in data:
            yield Output("text", _text(data["text/plain"]))


def _picture(given: Any) -> str:
    """A PNG picture as base64; "" for what is none."""
    text = "".join(given) if isinstance(given, list) and all(isinstance(g, str) for g in given) else given
    if not isinstance(text, str) or len(text) > MOST_PICTURE:
        return ""
    try:
        content = base64.b64decode(text)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(content).decode() if content.startswith(PNG) else ""


def _text(given: Any, between: str = "") -> str:
    lines = given if isinstance(given, list) else [given]
    text = between.join(line for line in lines if isinstance(line, str))
    whole = printable(COLOURS.sub("", text))
    return whole if len(whole) <= MOST_TEXT else f"{whole[:MOST_TEXT]}\n… and {len(whole) - MOST_TEXT} characters more"


def _newest(evidence: Path, student: str, sha256: str) -> Path | None:
    """The folder of the submission's last run that came to a result, by the hash in it and not by a folder's name alone."""
    found = (evidence / f"{student}-{sha256[:12]}").glob("attempt-*/result.json")
    for file in sorted(found, key=lambda f: f.stat().st_mtime, reverse=True):
        try:
            result = Result.model_validate_json(file.read_bytes())
        except (OSError, ValidationError):
            continue
        if result.submission_sha256 == sha256:
            return file.parent
    return None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.stat().st_size <= MOST_NOTEBOOK else b""
    except OSError:
        return b""
