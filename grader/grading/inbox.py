"""Finds what was handed in, in any of the usual layouts on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading.sealed import unseal
from grader.grading.submission import Submission
from grader.spec.limits import MAX_NOTEBOOK_BYTES
from grader.work.selection import Selection


def find(lab: Lab, path: Path) -> list[Submission]:
    """The submissions at `path`: a notebook, a bundle (.zip), a folder that holds one, or a folder of students' folders
    (`<student>/<lab>/x.ipynb` as nbgrader keeps them, or `<student>/x.ipynb`).

    Raises BadInput when there is none, or the only one can't be read. Among many, one that can't be read is
    `refused`; a student's folder without a submission is none; the folder's or file's name says whose it is, whatever a
    bundle says. A link below `path` is never followed: it could lead to somebody else's work.
    """
    if not path.exists():
        raise BadInput(f"there is nothing at {path}", "check the path")
    if not path.is_dir():
        return [_read(lab, path)]
    own = _of_student(lab, path)
    if own is not None:
        return [_read_below(lab, path, own)]
    found = [_of_many(lab, path, place, folder.name) for folder in _folders(path) if (place := _of_student(lab, folder))]
    found += [_of_many(lab, path, file, file.stem) for file in sorted(path.glob("*.zip"))]
    if len(found) == 1 and found[0].refused:
        raise found[0].refused
    if not found:
        raise BadInput(
            f"{path} holds no submission of lab {lab.id}", f"expected {_expected(lab)}, or a folder a student with one inside"
        )
    return found


def of_folder(lab: Lab, folder: Path) -> Submission:
    """What the folder hands in. Raises BadInput when it can't be read or holds too much."""
    notebook = folder / f"{lab.id}.ipynb"
    if lab.spec.work is None:
        return Submission(str(notebook), None, read_file(notebook))
    content = read_file(notebook) if os.path.lexists(notebook) else b""
    return Submission(str(folder), None, content, files=Selection(lab.spec.work).read(folder))


def read_file(file: Path) -> bytes:
    """A regular file of at most 10 MiB. Raises BadInput for anything else, a symbolic link included."""
    try:
        about = file.lstat()
        if stat.S_ISLNK(about.st_mode):
            raise BadInput(f"{file} is a link", "hand in the file itself")
        if not stat.S_ISREG(about.st_mode):
            raise BadInput(f"{file} is no file", "hand in a notebook or a bundle")
        if about.st_size > MAX_NOTEBOOK_BYTES:
            size = f"{MAX_NOTEBOOK_BYTES // 2**20} MiB"
            raise BadInput(f"{file} is larger than {size}", "clear the notebook's outputs and save it")
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as opened:
            return opened.read(MAX_NOTEBOOK_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}", "check its permissions") from None


def _expected(lab: Lab) -> str:
    return f"{lab.id}.ipynb in it" if lab.spec.work is None else f"the lab's files in it ({', '.join(lab.spec.work.files)})"


def _of_many(lab: Lab, root: Path, place: Path, student: str) -> Submission:
    try:
        return replace(_read_below(lab, root, place), student=student)
    except BadInput as error:
        return Submission(str(place), student, b"", refused=error)


def _folders(path: Path) -> Iterable[Path]:
    """Students' folders; a link is one, too, and refused when it is read."""
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _of_student(lab: Lab, folder: Path) -> Path | None:
    """The notebook, or the folder of files, that a student's folder hands in."""
    for place in (folder / lab.id, folder / lab.spec.module, folder):
        found = _in(lab, place) if place.is_dir() else None
        if found is not None:
            return found
    return None


def _in(lab: Lab, folder: Path) -> Path | None:
    """A folder with files of the work, or `<lab>.ipynb`, else the folder's only notebook."""
    if lab.spec.work is not None:
        return folder if Selection(lab.spec.work).occurs(folder) else None
    named = folder / f"{lab.id}.ipynb"
    if os.path.lexists(named):
        return named
    notebooks = sorted(folder.glob("*.ipynb"))
    return notebooks[0] if len(notebooks) == 1 else None


def _read_below(lab: Lab, root: Path, place: Path) -> Submission:
    """Read a submission of the folder `root`, to which no link may have led."""
    for part in (place, *place.parents):
        if part == root:
            break
        if part.is_symlink():
            raise BadInput(f"{part} is a link", "hand in the file or folder itself")
    return _read(lab, place)


def _read(lab: Lab, place: Path) -> Submission:
    if place.is_dir() and lab.spec.work is not None:
        return of_folder(lab, place)
    content = read_file(place)
    if place.suffix == ".zip":
        return unseal(lab, str(place), content)
    if lab.spec.work is not None:
        raise BadInput(f"{place} is one file, and lab {lab.id} is handed in as a folder", "name the folder, or a bundle of it")
    return Submission(str(place), None, content)
