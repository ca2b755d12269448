"""What comes in over the network, as a sealed bundle: a bundle already, a notebook, or a zip file of the work folder."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading.sealed import SEAL, UNREADABLE, bundle
from grader.grading.submission import Submission
from grader.result import printable
from grader.spec.limits import MAX_NOTEBOOK_BYTES
from grader.work.selection import MAX_REPOSITORY_FILES, MAX_SEEN, Selection

ZIP = b"PK"
ENTRY = b"PK\x01\x02"
"""What each entry of a zip file's directory begins with."""
_HOW = "hand in what `mlops submit` makes, the notebook, or a zip file of your folder"


def as_bundle(lab: Lab, content: bytes) -> bytes:
    """The bundle in these bytes, or made of them. A bundle is looked into by whoever unseals it.

    Raises BadInput for what is none of the three. Nothing is unpacked to disk; what the lab did not ask for is
    not read.
    """
    if not content.startswith(ZIP):
        return bundle(lab, _notebook(lab, content))
    if content.count(ENTRY) > MAX_SEEN:
        raise BadInput(f"the zip file holds more than {MAX_SEEN:,} files", "zip the lab's own folder")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if SEAL in archive.namelist():
                return content
            return bundle(lab, _folder(lab, archive))
    except UNREADABLE as error:
        raise BadInput(f"this zip file can't be read: {printable(str(error))[:200]}", _HOW) from None


def _notebook(lab: Lab, content: bytes) -> Submission:
    if lab.spec.work is not None:
        raise BadInput(f"lab {lab.id} is handed in as a folder, and this is no zip file", _HOW)
    if not content.lstrip()[:1] == b"{":
        raise BadInput("this is neither a notebook nor a zip file", _HOW)
    return Submission("upload", None, content)


def _folder(lab: Lab, archive: zipfile.ZipFile) -> Submission:
    """What the lab asks for of a folder that was zipped, with or without the folder's own name before each path."""
    entries = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename for info in entries]
    top = _top(lab, names)
    selection = Selection(lab.spec.work) if lab.spec.work is not None else None
    notebook, files = b"", dict[str, bytes]()
    left = lab.spec.work.max_mb << 20 if lab.spec.work is not None else 0
    for info in sorted(entries, key=lambda i: i.filename):
        path = info.filename.removeprefix(top)
        if path == f"{lab.id}.ipynb":
            notebook = _read(archive, info, MAX_NOTEBOOK_BYTES)
        elif info.filename.startswith(top) and selection is not None and selection.takes(path):
            if path in files or len(files) > lab.spec.work.max_files + MAX_REPOSITORY_FILES:  # type: ignore[union-attr]  # a selection is of it
                raise BadInput("the zip file holds a file twice, or far too many", "zip the lab's own folder")
            files[path] = _read(archive, info, left)
            left -= len(files[path])
    if not notebook and not files:
        raise BadInput(f"the zip file holds nothing that lab {lab.id} asks for", f"zip the folder that holds {_wanted(lab)}")
    if selection is not None:
        selection.check(files)
    return Submission("upload", None, notebook, files=files)


def _top(lab: Lab, names: Sequence[str]) -> str:
    """The folder in which the lab's files lie: none, or the one that holds the notebook, or all there is."""
    holders = {name.removesuffix(f"{lab.id}.ipynb") for name in names if name.endswith(f"/{lab.id}.ipynb")}
    if f"{lab.id}.ipynb" not in names and len(holders) == 1:
        return holders.pop()
    firsts = {PurePosixPath(name).parts[0] for name in names if PurePosixPath(name).parts and not name.startswith("__MACOSX")}
    lonely = len(firsts) == 1 and all("/" in name for name in names)
    return f"{firsts.pop()}/" if lonely else ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, cap: int) -> bytes:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadInput(f"{printable(info.filename)[:200]} is a link", "hand in the file itself")
    with archive.open(info) as member:
        content = member.read(cap + 1)
    if len(content) > cap:
        raise BadInput(f"{printable(info.filename)[:200]} is too large", "is data or a model among your files?")
    return content


def _wanted(lab: Lab) -> str:
    return f"{lab.id}.ipynb" if lab.spec.work is None else ", ".join(lab.spec.work.files)
