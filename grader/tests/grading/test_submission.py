"""Submissions in every usual layout, and archives made to break their reader: read into memory, never onto the disk."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading import inbox as reader
from grader.grading.sealed import bundle
from grader.grading.submission import Submission
from grader.spec.limits import MAX_NOTEBOOK_BYTES
from grader.tests.small_course import LAB

NOTEBOOK = b'{"cells": []}'
OTHER = b'{"cells": [1]}'
NAME = f"{LAB}.ipynb"
SEALED = {"schema": 1, "lab": LAB, "student": None, "sha256": hashlib.sha256(NOTEBOOK).hexdigest()}


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that submissions are handed in to; the one above it is the current one."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def find(lab: Lab, path: Path) -> list[Submission]:
    """`grader.grading.inbox.find`, which must change nothing on disk, neither here nor where a member's name could climb to."""
    root = next(folder for folder in (path, *path.parents) if folder.name == "inbox").parent
    before = everything(root)
    try:
        return reader.find(lab, path)
    finally:
        assert everything(root) == before


def everything(folder: Path) -> set[str]:
    """Every path below the folder with its size."""
    return {f"{path} {path.lstat().st_size}" for path in folder.rglob("*")}


def put(file: Path, content: bytes = NOTEBOOK) -> Path:
    """Write a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with these members, in this order, repeated names and all."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def seal(**changes: Any) -> tuple[str, bytes]:
    """The seal's member."""
    return "submission.json", json.dumps({**SEALED, **changes}).encode()


def refusal(lab: Lab, path: Path) -> str:
    """What is said of what can't be read."""
    with pytest.raises(BadInput) as error:
        find(lab, path)
    return str(error.value).replace(f"{path.parent}/", "")


def test_notebook(small_lab: Lab, inbox: Path) -> None:
    """A notebook is a submission, whatever its name; its hash identifies it and draws its seed."""
    file = put(inbox / "my work.ipynb")
    found = find(small_lab, file)
    assert found == [Submission(str(file), None, NOTEBOOK)]
    assert found[0].sha256 == hashlib.sha256(NOTEBOOK).hexdigest()
    assert found[0].seed == int(found[0].sha256[:12], 16)


def test_bundle(small_lab: Lab, inbox: Path) -> None:
    """A bundle gives back the notebook that was sealed, and who handed it in."""
    file = put(inbox / "x.zip", bundle(small_lab, Submission("", "ada", NOTEBOOK)))
    assert find(small_lab, file) == [Submission(str(file), "ada", NOTEBOOK)]


def test_bundle_without_a_student(small_lab: Lab, inbox: Path) -> None:
    """One's own bundle names nobody."""
    file = put(inbox / "x.zip", bundle(small_lab, Submission("", None, NOTEBOOK)))
    assert find(small_lab, file) == [Submission(str(file), None, NOTEBOOK)]


def test_folder_with_the_labs_notebook(small_lab: Lab, inbox: Path) -> None:
    """In a folder the notebook with the lab's name is the submission; others beside it are drafts."""
    put(inbox / "draft.ipynb", OTHER)
    put(inbox / "numbers.csv", b"1")
    file = put(inbox / NAME)
    assert find(small_lab, inbox) == [Submission(str(file), None, NOTEBOOK)]


def test_folder_with_one_notebook(small_lab: Lab, inbox: Path) -> None:
    """A folder's only notebook is the submission, whatever its name."""
    file = put(inbox / "renamed.ipynb")
    assert find(small_lab, inbox) == [Submission(str(file), None, NOTEBOOK)]


def test_folder_of_labs(small_lab: Lab, inbox: Path) -> None:
    """The folder in which one learner keeps several labs holds one submission: this lab's."""
    put(inbox / "02-other" / "02-other.ipynb", OTHER)
    file = put(inbox / LAB / NAME)
    assert find(small_lab, inbox) == [Submission(str(file), None, NOTEBOOK)]


def test_students_folders(small_lab: Lab, inbox: Path) -> None:
    """One folder a student: each is a submission of that student; hidden folders and files beside them are none."""
    files = [put(inbox / student / NAME) for student in ("bob", "ada")]
    put(inbox / ".git" / NAME)
    put(inbox / "README.txt")
    (inbox / "eve").mkdir()
    expected = [Submission(str(file), file.parent.name, NOTEBOOK) for file in reversed(files)]
    assert find(small_lab, inbox) == expected


def test_nbgraders_tree(small_lab: Lab, inbox: Path) -> None:
    """`submitted/<student>/<assignment>/x.ipynb`, as nbgrader keeps them, is read for this assignment alone."""
    file = put(inbox / "ada" / LAB / "any name.ipynb")
    put(inbox / "ada" / "02-other" / "02-other.ipynb", OTHER)
    put(inbox / "bob" / "02-other" / "02-other.ipynb", OTHER)
    assert find(small_lab, inbox) == [Submission(str(file), "ada", NOTEBOOK)]


def test_folder_of_bundles(small_lab: Lab, inbox: Path) -> None:
    """Bundles in one folder belong to whom the file is called after, whatever they say; a broken one stops none other."""
    put(inbox / "ada.zip", bundle(small_lab, Submission("", "bob", NOTEBOOK)))
    put(inbox / "bob.zip", bundle(small_lab, Submission("", None, OTHER)))
    put(inbox / "eve.zip", b"no archive")
    found = [(s.student, s.notebook, str(s.refused or "")[:60]) for s in find(small_lab, inbox)]
    broken = f"{inbox}/eve.zip is no bundle of lab"
    assert found == [("ada", NOTEBOOK, ""), ("bob", OTHER, ""), ("eve", b"", found[2][2])]
    assert str(find(small_lab, inbox)[2].refused).startswith(broken)


def _nothing(inbox: Path) -> Path:
    return inbox / "nothing"


def _empty(inbox: Path) -> Path:
    return inbox


def _two_notebooks(inbox: Path) -> Path:
    put(inbox / "a.ipynb")
    put(inbox / "b.ipynb")
    return inbox


def _large(inbox: Path) -> Path:
    return put(inbox / NAME, b" " * (MAX_NOTEBOOK_BYTES + 1))


def _folder_as_notebook(inbox: Path) -> Path:
    (inbox / NAME).mkdir()
    return inbox


def _pipe(inbox: Path) -> Path:
    os.mkfifo(inbox / NAME)
    return inbox / NAME


def _pipe_of_a_student(inbox: Path) -> Path:
    (inbox / "ada").mkdir()
    os.mkfifo(inbox / "ada" / NAME)
    return inbox


def _dangling_link(inbox: Path) -> Path:
    (inbox / NAME).symlink_to(inbox / "nowhere")
    return inbox / NAME


NONE_THERE = f"inbox holds no submission of lab {LAB} (expected {NAME} in it, or a folder a student with one inside)"
UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing-there": (_nothing, "there is nothing at nothing (check the path)"),
    "empty-folder": (_empty, NONE_THERE),
    "two-notebooks-of-any-name": (_two_notebooks, NONE_THERE),
    "larger-than-10-mib": (_large, f"{NAME} is larger than 10 MiB (clear the notebook's outputs and save it)"),
    "folder-called-as-a-notebook": (_folder_as_notebook, f"inbox/{NAME} is no file (hand in a notebook or a bundle)"),
    "pipe": (_pipe, f"{NAME} is no file (hand in a notebook or a bundle)"),
    "pipe-of-a-student": (_pipe_of_a_student, f"inbox/ada/{NAME} is no file (hand in a notebook or a bundle)"),
    "link-to-nowhere": (_dangling_link, f"there is nothing at {NAME} (check the path)"),
}


@pytest.mark.parametrize(("make", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_read(small_lab: Lab, inbox: Path, make: Callable[[Path], Path], message: str) -> None:
    """What isn't there, is no file or is too large is refused at once; nothing waits on a pipe."""
    assert refusal(small_lab, make(inbox)) == message


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read every file")
def test_file_without_permission(small_lab: Lab, inbox: Path) -> None:
    """A file that may not be read is named."""
    put(inbox / NAME).chmod(0)
    assert refusal(small_lab, inbox / NAME) == f"{NAME} can't be read: Permission denied (check its permissions)"


TAMPERED: dict[str, bytes] = {
    "notebook-changed": archive(seal(), (NAME, OTHER)),
    "hash-missing": archive(("submission.json", json.dumps({"lab": LAB}).encode()), (NAME, NOTEBOOK)),
    "hash-of-another-type": archive(seal(sha256=["x"]), (NAME, NOTEBOOK)),
    "hash-in-capitals": archive(seal(sha256=str(SEALED["sha256"]).upper()), (NAME, NOTEBOOK)),
    "notebook-empty": archive(seal(), (NAME, b"")),
}


@pytest.mark.parametrize("content", TAMPERED.values(), ids=TAMPERED)
def test_broken_seal(small_lab: Lab, inbox: Path, content: bytes) -> None:
    """A bundle whose notebook is not the sealed one is tampered: said, not refused, so that the instructor sees it."""
    assert [s.tampered for s in find(small_lab, put(inbox / "x.zip", content))] == ["its content is not what was sealed"]


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(NAME)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _encrypted() -> bytes:
    """The bundle with the flag that says that its members are encrypted."""
    content = bytearray(archive(seal(), (NAME, NOTEBOOK)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 1)
    return bytes(content)


def _damaged() -> bytes:
    """The bundle with bytes inside its compressed data changed."""
    content = bytearray(archive(seal(), (NAME, NOTEBOOK * 1_000)))
    at = content.find(NAME.encode()) + len(NAME)
    content[at : at + 8] = b"\xff" * 8
    return bytes(content)


BOTH = f"submission.json and {NAME}"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "no-archive": (b"hello", "File is not a zip file"),
    "empty-file": (b"", "File is not a zip file"),
    "half-an-archive": (archive(seal(), (NAME, NOTEBOOK))[:150], "File is not a zip file"),
    "empty-archive": (archive(), f"it holds nothing, not {BOTH}"),
    "no-seal": (archive((NAME, NOTEBOOK)), f"it holds {NAME}, not {BOTH}"),
    "no-notebook": (archive(seal()), f"it holds submission.json, not {BOTH}"),
    "notebook-of-another-name": (archive(seal(), ("x.ipynb", NOTEBOOK)), f"it holds submission.json, x.ipynb, not {BOTH}"),
    "climbing-name": (
        archive(seal(), (NAME, NOTEBOOK), ("../../evil", b"x")), f"it holds submission.json, {NAME}, ../../evil, not {BOTH}",
    ),
    "climbing-name-of-the-notebook": (
        archive(seal(), (f"../{NAME}", NOTEBOOK)), f"it holds submission.json, ../{NAME}, not {BOTH}",
    ),
    "absolute-name": (
        archive(seal(), (NAME, NOTEBOOK), ("/tmp/evil", b"x")), f"it holds submission.json, {NAME}, /tmp/evil, not {BOTH}",
    ),
    "windows-name": (
        archive(seal(), (NAME, NOTEBOOK), ("..\\evil", b"x")), f"it holds submission.json, {NAME}, ..\\evil, not {BOTH}",
    ),
    "link-in-place-of-the-notebook": (archive(seal(), (_link(), b"/etc/passwd")), f"{NAME} is a link"),
    "notebook-bomb": (
        archive(seal(), (NAME, b"\0" * (MAX_NOTEBOOK_BYTES + 1))), f"{NAME} is larger than {MAX_NOTEBOOK_BYTES} bytes unpacked",
    ),
    "seal-bomb": (
        archive(("submission.json", b" " * 2**20), (NAME, NOTEBOOK)), "submission.json is larger than 65536 bytes unpacked",
    ),
    "seal-deep": (
        archive(("submission.json", b"[" * 60_000), (NAME, NOTEBOOK)),
        "maximum recursion depth exceeded while decoding a JSON array from a unicode string",
    ),
    "seal-no-json": (archive(("submission.json", b"{"), (NAME, NOTEBOOK)),
                     "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    "encrypted": (_encrypted(), "File 'submission.json' is encrypted, password required for extraction"),
    "damaged-data": (_damaged(), "Error -3 while decompressing data: invalid block type"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "problem"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archive_that_is_no_bundle(small_lab: Lab, inbox: Path, content: bytes, problem: str) -> None:
    """An archive that holds anything but its two members, or can't be read, is refused with the reason."""
    said = refusal(small_lab, put(inbox / "x.zip", content))
    assert said == f"x.zip is no bundle of lab {LAB}: {problem} (make it with `mlops submit`)"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twice", ["submission.json", NAME])
def test_name_that_stands_twice(small_lab: Lab, inbox: Path, twice: str) -> None:
    """Two members of one name are refused: which one counts would depend on the reader."""
    content = archive(seal(), (NAME, NOTEBOOK), (twice, OTHER))
    problem = f"it holds submission.json, {NAME}, {twice}, not {BOTH}"
    said = refusal(small_lab, put(inbox / "x.zip", content))
    assert said == f"x.zip is no bundle of lab {LAB}: {problem} (make it with `mlops submit`)"


@pytest.mark.parametrize(
    "content", [seal(lab="02-other")[1], b"[]", b"5", b"null"], ids=["other-lab", "list", "number", "null"]
)
def test_bundle_of_another_lab(small_lab: Lab, inbox: Path, content: bytes) -> None:
    """A seal of another lab, or none, is refused."""
    file = put(inbox / "x.zip", archive(("submission.json", content), (NAME, NOTEBOOK)))
    assert refusal(small_lab, file) == f"x.zip is a bundle of another lab (hand in a bundle of {LAB})"


@pytest.mark.parametrize("student", ["../../evil", "/etc", "a/b", "", "..", "a\nb", "\x1b[2J", "x" * 65, 5, ["ada"]], ids=repr)
def test_name_that_is_a_path(small_lab: Lab, inbox: Path, student: Any) -> None:
    """A bundle's student becomes part of a folder's name, so a path or a control character is refused."""
    file = put(inbox / "x.zip", archive(seal(student=student), (NAME, NOTEBOOK)))
    said = f"x.zip names no student that can be: {str(student)[:64]!r} (make it with `mlops submit`)"
    assert refusal(small_lab, file) == said


@pytest.mark.parametrize("student", ["ada", "Ada Lovelace", "ada.l@example.org", "Zoë", "s-0042_x"])
def test_name_that_is_a_name(small_lab: Lab, inbox: Path, student: str) -> None:
    """Names, addresses and numbers of students are taken as they are."""
    file = put(inbox / "x.zip", bundle(small_lab, Submission("", student, NOTEBOOK)))
    assert find(small_lab, file) == [Submission(str(file), student, NOTEBOOK)]


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_random_damage(small_lab: Lab, inbox: Path, kind: int) -> None:
    """A bundle with random bytes changed is whole, tampered, or BadInput: nothing else, for any compression."""
    rng = random.Random(kind)
    whole = archive(seal(), (NAME, NOTEBOOK * 20), kind=kind)
    file = inbox / "x.zip"
    for _ in range(150):
        spoiled = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        file.write_bytes(bytes(spoiled[: rng.choice([len(spoiled), rng.randrange(len(spoiled))])]))
        try:
            found = find(small_lab, file)
        except BadInput:
            continue
        assert [type(s) for s in found] == [Submission]
