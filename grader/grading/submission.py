"""What is handed in: found on disk in any of the usual layouts, and sealed by its hash before anything looks inside."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course.tree import Lab
from grader.errors import BadInput

MAX_BYTES = 10 * 2**20
SEAL = "submission.json"
STUDENT = re.compile(r"\w[\w .@+-]{0,63}")
"""A student's name as a bundle may give it: it becomes part of a folder's name, so it is no path."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, LookupError, ValueError, RuntimeError)
"""What `zipfile` and `json` raise for an archive that is broken, encrypted, or made to break its reader."""


@dataclass(frozen=True)
class Submission:
    """A sealed submission: `sha256` is the hash of `notebook`. `tampered` says how a bundle breaks its own seal."""

    path: str
    student: str | None
    notebook: bytes
    tampered: str = ""
    refused: BadInput | None = None
    """Among many: why this one can't be graded, so that the others still are."""

    @property
    def sha256(self) -> str:
        """The hash that identifies what was handed in."""
        return hashlib.sha256(self.notebook).hexdigest()

    @property
    def seed(self) -> int:
        """Drawn from the hash: the same submission always gets the same inputs."""
        return int(self.sha256[:12], 16)


def find(lab: Lab, path: Path) -> list[Submission]:
    """The submissions at `path`: a notebook, a bundle (.zip), a folder that holds one, or a folder of students' folders
    (`<student>/<lab>/x.ipynb` as nbgrader keeps them, or `<student>/x.ipynb`).

    Raises BadInput when there is none, or the only one can't be read. Among many, one that can't be read is
    `refused`; a student's folder without a notebook is none; the folder's or file's name says whose it is, whatever a
    bundle says.
    """
    if not path.exists():
        raise BadInput(f"there is nothing at {path}", "check the path")
    if not path.is_dir():
        return [_read(lab, path, None)]
    own = _of_student(lab, path)
    if own is not None:
        return [_read(lab, own, None)]
    found = [_of_many(lab, file, folder.name) for folder in _folders(path) if (file := _of_student(lab, folder))]
    found += [_of_many(lab, file, file.stem) for file in sorted(path.glob("*.zip"))]
    if len(found) == 1 and found[0].refused:
        raise found[0].refused
    if not found:
        raise BadInput(
            f"{path} holds no submission of lab {lab.id}",
            f"expected {lab.id}.ipynb in it, or a folder a student with one inside",
        )
    return found


def bundle(lab: Lab, notebook: bytes, student: str | None = None) -> bytes:
    """A sealed bundle: the notebook and the hash that it must have."""
    sealed = Submission("", student, notebook)
    content = {"schema": 1, "lab": lab.id, "student": student, "sha256": sealed.sha256}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SEAL, json.dumps(content))
        archive.writestr(f"{lab.id}.ipynb", notebook)
    return out.getvalue()


def _of_many(lab: Lab, file: Path, student: str) -> Submission:
    try:
        return replace(_read(lab, file, student), student=student)
    except BadInput as error:
        return Submission(str(file), student, b"", refused=error)


def _folders(path: Path) -> Iterable[Path]:
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _of_student(lab: Lab, folder: Path) -> Path | None:
    for place in (folder / lab.id, folder / lab.spec.module, folder):
        file = _notebook_in(lab, place) if place.is_dir() else None
        if file is not None:
            return file
    return None


def _notebook_in(lab: Lab, folder: Path) -> Path | None:
    """`<lab>.ipynb`, else the folder's only notebook."""
    named = folder / f"{lab.id}.ipynb"
    if named.exists():
        return named
    notebooks = sorted(folder.glob("*.ipynb"))
    return notebooks[0] if len(notebooks) == 1 else None


def _read(lab: Lab, file: Path, student: str | None) -> Submission:
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadInput(f"{file} is no file", "hand in a notebook or a bundle")
        if about.st_size > MAX_BYTES:
            raise BadInput(f"{file} is larger than {MAX_BYTES // 2**20} MiB", "clear the notebook's outputs and save it")
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}", "check its permissions") from None
    if file.suffix == ".zip":
        return _unseal(lab, file, content, student)
    return Submission(str(file), student, content)


def _unseal(lab: Lab, file: Path, content: bytes, student: str | None) -> Submission:
    """Reads the two members of a bundle into memory; nothing of an archive is ever unpacked to disk."""
    wanted = [SEAL, f"{lab.id}.ipynb"]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sorted(archive.namelist()) != sorted(wanted):
                raise ValueError(f"it holds {', '.join(archive.namelist())[:200] or 'nothing'}, not {' and '.join(wanted)}")
            seal = json.loads(_member(archive, SEAL, 2**16))
            notebook = _member(archive, wanted[1], MAX_BYTES)
    except UNREADABLE as error:
        raise BadInput(f"{file} is no bundle of lab {lab.id}: {error}", "make it with `mlops submit`") from None
    if not isinstance(seal, dict) or seal.get("lab") != lab.id:
        raise BadInput(f"{file} is a bundle of another lab", f"hand in a bundle of {lab.id}")
    named = seal.get("student")
    if named is not None and not (isinstance(named, str) and STUDENT.fullmatch(named)):
        raise BadInput(f"{file} names no student that can be: {str(named)[:64]!r}", "make it with `mlops submit`")
    submission = Submission(str(file), named or student, notebook)
    if seal.get("sha256") == submission.sha256:
        return submission
    return Submission(submission.path, submission.student, notebook, "its content is not what was sealed")


def _member(archive: zipfile.ZipFile, name: str, cap: int) -> bytes:
    if stat.S_ISLNK(archive.getinfo(name).external_attr >> 16):
        raise ValueError(f"{name} is a link")
    with archive.open(name) as member:
        content = member.read(cap + 1)
    if len(content) > cap:
        raise ValueError(f"{name} is larger than {cap} bytes unpacked")
    return content
