"""A sealed bundle: a zip file that holds the notebook, the work's files, and the hash that they must have."""

from __future__ import annotations

import io
import json
import lzma
import re
import stat
import zipfile
import zlib
from typing import Any

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading.submission import Submission
from grader.result import printable
from grader.spec.limits import MAX_NOTEBOOK_BYTES
from grader.work.selection import MAX_REPOSITORY_FILES, Selection

SEAL = "submission.json"
FILES = "files/"
"""Under which name the work's files lie in the archive."""
STUDENT = re.compile(r"\w[\w .@+-]{0,63}")
"""A student's name as a bundle may give it: it becomes part of a folder's name, so it is no path."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, LookupError, ValueError, RuntimeError)
"""What `zipfile` and `json` raise for an archive that is broken, encrypted, or made to break its reader."""
MAX_SEAL = 2**16
_HOW = "make it with `mlops submit`"


def bundle(lab: Lab, submission: Submission) -> bytes:
    """The submission as a bundle."""
    seal = {"schema": 1, "lab": lab.id, "student": submission.student, "sha256": submission.sha256}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SEAL, json.dumps(seal))
        if submission.notebook or lab.spec.work is None:
            archive.writestr(f"{lab.id}.ipynb", submission.notebook)
        for path, content in sorted(submission.files.items()):
            archive.writestr(FILES + path, content)
    return out.getvalue()


def unseal(lab: Lab, path: str, content: bytes) -> Submission:
    """The submission in a bundle's bytes, read into memory: nothing of an archive is ever unpacked to disk.

    Raises BadInput when it is no bundle of this lab. One that breaks its own seal is `tampered`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_names(lab, archive)
            seal = json.loads(_member(archive, SEAL, MAX_SEAL))
            notebook, files = _notebook(lab, archive), _files(lab, archive)
    except UNREADABLE as error:
        raise BadInput(f"{path} is no bundle of lab {lab.id}: {printable(str(error))}", _HOW) from None
    if not isinstance(seal, dict) or seal.get("lab") != lab.id:
        raise BadInput(f"{path} is a bundle of another lab", f"hand in a bundle of {lab.id}")
    named = seal.get("student")
    if named is not None and not (isinstance(named, str) and STUDENT.fullmatch(named)):
        raise BadInput(f"{path} names no student that can be: {str(named)[:64]!r}", _HOW)
    submission = Submission(path, named, notebook, files=files)
    if seal.get("sha256") == submission.sha256:
        return submission
    return Submission(path, submission.student, notebook, "its content is not what was sealed", files=files)


def _check_names(lab: Lab, archive: zipfile.ZipFile) -> None:
    """Raise ValueError unless the archive holds the seal, the notebook and files of the work, each once."""
    names, notebook = archive.namelist(), f"{lab.id}.ipynb"
    if lab.spec.work is None:
        if sorted(names) != sorted([SEAL, notebook]):
            raise ValueError(f"it holds {', '.join(names)[:200] or 'nothing'}, not {SEAL} and {notebook}")
        return
    if len(names) > lab.spec.work.max_files + MAX_REPOSITORY_FILES + 2:
        raise ValueError(f"it holds {len(names)} files")
    if len(set(names)) != len(names):
        raise ValueError("it holds a file twice")
    if SEAL not in names:
        raise ValueError(f"it holds no {SEAL}")
    selection = Selection(lab.spec.work)
    for name in names:
        if name not in (SEAL, notebook) and not (name.startswith(FILES) and selection.takes(name.removeprefix(FILES))):
            raise ValueError(f"it holds {name[:200]}, which the lab did not ask for")


def _notebook(lab: Lab, archive: zipfile.ZipFile) -> bytes:
    name = f"{lab.id}.ipynb"
    return _member(archive, name, MAX_NOTEBOOK_BYTES) if name in archive.namelist() else b""


def _files(lab: Lab, archive: zipfile.ZipFile) -> dict[str, bytes]:
    if lab.spec.work is None:
        return {}
    left, files = lab.spec.work.max_mb << 20, dict[str, bytes]()
    for name in sorted(archive.namelist()):
        if name.startswith(FILES):
            files[name.removeprefix(FILES)] = content = _member(archive, name, left)
            left -= len(content)
    Selection(lab.spec.work).check(files)
    return files


def _member(archive: zipfile.ZipFile, name: str, cap: int) -> Any:
    if stat.S_ISLNK(archive.getinfo(name).external_attr >> 16):
        raise ValueError(f"{name} is a link")
    with archive.open(name) as member:
        content = member.read(cap + 1)
    if len(content) > cap:
        raise ValueError(f"{name} is larger than {cap} bytes unpacked")
    return content
