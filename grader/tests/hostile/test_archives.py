"""Bundles and folders made to break whoever opens them: refused with one sentence, and nothing is written anywhere."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import tarfile
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.cli.app import say
from grader.course.tree import Lab
from grader.errors import BadInput
from grader.grading.inbox import find
from grader.grading.sealed import SEAL, bundle
from grader.grading.submission import Submission
from grader.tests.hostile.case import base, sealed
from grader.tests.hostile.test_cases import commands_in

NOTEBOOK = "04-experiment-tracking.ipynb"


def honest(lab: Lab) -> bytes:
    return bundle(lab, sealed("x", base(lab, "light")))


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(entries: list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # duplicate names are meant
        for name, content in entries:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def special(name: str, kind: int, content: bytes) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info, content


def added(name: str, content: bytes = b"x") -> Callable[[Lab], bytes]:
    return lambda lab: packed([*members(honest(lab)).items(), (name, content)])


def instead(kind: int, target: bytes) -> Callable[[Lab], bytes]:
    def make(lab: Lab) -> bytes:
        return packed([(SEAL, members(honest(lab))[SEAL]), special(NOTEBOOK, kind, target)])

    return make


def bomb(lab: Lab) -> bytes:
    return packed([(SEAL, members(honest(lab))[SEAL]), (NOTEBOOK, bytes(300 * 2**20))])


def bomb_in_the_seal(lab: Lab) -> bytes:
    return packed([(SEAL, bytes(300 * 2**20)), (NOTEBOOK, members(honest(lab))[NOTEBOOK])])


def many_files(lab: Lab) -> bytes:
    return packed([(f"{number}", b"") for number in range(100_000)])


def lies_about_its_size(lab: Lab) -> bytes:
    content = honest(lab)
    size = len(members(content)[NOTEBOOK]).to_bytes(4, "little")
    assert content.count(size) >= 1
    return content.replace(size, (10).to_bytes(4, "little"))


def bad_unicode(lab: Lab) -> bytes:
    return added("AAAAAAAA")(lab).replace(b"AAAAAAAA", b"\xff\xfe\x1b[31m")


def tar_in_disguise(lab: Lab) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for kind in (tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(NOTEBOOK)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return out.getvalue()


REFUSED: dict[str, Callable[[Lab], bytes]] = {
    "zip-slip": added("../../escaped.txt"),
    "absolute": added("/tmp/escaped.txt"),
    "sibling-prefix": added("../04-experiment-tracking-evil/escaped.txt"),
    "windows-path": added("..\\..\\escaped.txt"),
    "duplicate-names": added(NOTEBOOK, b"{}"),
    "control-characters": added("\x1b[2J\u202e"),
    "symlink": instead(stat.S_IFLNK, b"/etc/passwd"),
    "bomb": bomb,
    "bomb-in-the-seal": bomb_in_the_seal,
    "a-hundred-thousand-files": many_files,
    "size-that-lies": lies_about_its_size,
    "bad-unicode": bad_unicode,
    "tar-with-hardlinks": tar_in_disguise,
    "deep-seal": lambda lab: packed([(SEAL, b"[" * 60_000), (NOTEBOOK, b"{}")]),
    "empty": lambda lab: b"",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_bundle_is_refused(name: str, lab04: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """BadInput within seconds, no file beside the bundle, and a message that commands no terminal."""
    file = tmp_path / "in" / "x.zip"
    file.parent.mkdir()
    file.write_bytes(REFUSED[name](lab04))
    started = time.monotonic()
    with pytest.raises(BadInput) as refusal:
        find(lab04, file)
    assert (time.monotonic() - started < 5, len(str(refusal.value)) < 1000) == (True, True)
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["in", "x.zip"]
    say(f"mlops: {refusal.value}")
    assert commands_in(capsys.readouterr().err) == []


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_device_in_a_bundle_is_only_bytes(kind: int, lab04: Lab, tmp_path: Path) -> None:
    """What an entry says it is doesn't matter, for nothing is unpacked: its bytes are not what was sealed."""
    (tmp_path / "x.zip").write_bytes(instead(kind, b"")(lab04))
    assert [(s.notebook, s.tampered) for s in find(lab04, tmp_path / "x.zip")] == [(b"", "its content is not what was sealed")]


def test_a_bundle_that_breaks_its_seal_is_tampered(lab04: Lab, tmp_path: Path) -> None:
    """A notebook other than the sealed one is marked as such, not refused."""
    content = members(honest(lab04))
    (tmp_path / "x.zip").write_bytes(packed([(SEAL, content[SEAL]), (NOTEBOOK, content[NOTEBOOK] + b" ")]))
    assert [s.tampered for s in find(lab04, tmp_path / "x.zip")] == ["its content is not what was sealed"]


def test_any_damage_is_refused_or_harmless(lab04: Lab, tmp_path: Path) -> None:
    """A bundle with any few bytes changed is a submission or BadInput, never another error."""
    whole, rng = honest(lab04), random.Random(4)
    kinds: set[type] = set()
    file = tmp_path / "x.zip"
    for _ in range(600):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            broken[rng.choice([rng.randrange(len(broken)), -rng.randint(1, 250)])] = rng.randrange(256)
        file.write_bytes(bytes(broken))
        try:
            kinds.add(type(find(lab04, file)[0]))
        except BadInput:
            kinds.add(BadInput)
    assert kinds == {Submission, BadInput}


@pytest.mark.parametrize("student", ["../../../escaped", "/tmp/escaped", "a/../../b", "x" * 5000, "\x00", "\x1b[2J", "..", ""])
def test_a_student_named_in_a_seal_is_a_name(student: str, lab04: Lab, tmp_path: Path) -> None:
    """The name becomes a folder of the evidence: it must be one that can be, and stay there."""
    (tmp_path / "x.zip").write_bytes(bundle(lab04, replace(sealed("x", base(lab04, "light")), student=student)))
    try:
        (found,) = find(lab04, tmp_path / "x.zip")
    except BadInput as refusal:
        assert commands_in(str(refusal)) == []
    else:
        name = f"{found.student or 'own'}-x"
        assert (Path(name).name, commands_in(name), len(name) < 200) == (name, [], True)


@pytest.mark.parametrize("kind", ["file", "folder", "beside"])
def test_a_link_in_a_submitted_folder_is_not_followed(kind: str, lab04: Lab, tmp_path: Path) -> None:
    """Who links to another's notebook, or to the solution, hands in nothing."""
    notebook = sealed("x", base(lab04, "solution")).notebook
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / NOTEBOOK).write_bytes(notebook)
    student = tmp_path / "submitted" / "mallory"
    if kind == "folder":
        student.parent.mkdir()
        student.symlink_to(tmp_path / "release")
    else:
        student.mkdir(parents=True)
        if kind == "file":
            (student / NOTEBOOK).symlink_to(tmp_path / "release" / NOTEBOOK)
        else:
            (student / lab04.id).symlink_to(tmp_path / "release")
    with pytest.raises(BadInput):
        find(lab04, tmp_path / "submitted")


def test_a_pipe_in_a_submitted_folder_does_not_hang(lab04: Lab, tmp_path: Path) -> None:
    """A FIFO in place of the notebook is refused at once."""
    (tmp_path / "mallory").mkdir()
    os.mkfifo(tmp_path / "mallory" / NOTEBOOK)
    with pytest.raises(BadInput):
        find(lab04, tmp_path)


@pytest.mark.parametrize("text", [
    b"\x80\x04\x95", b"null", b"[]", b"{}", b'{"cells": 7}', b'{"cells": [7]}', b"[" * 200_000, b'{"cells": []}',
    json.dumps({"cells": [{"id": ["best-run"], "source": {}}, {"id": "best-run", "metadata": 7, "source": 7}]}).encode(),
])  # fmt: skip
def test_no_notebook_at_all(text: bytes, lab04: Lab, tmp_path: Path) -> None:
    """Bytes that are no notebook of this lab are refused, or rebuilt from what little is right in them."""
    from grader.notebook.rebuild import rebuild

    try:
        rebuilt = rebuild(lab04, text)
    except BadInput as refusal:
        assert commands_in(str(refusal)) == []
    else:
        assert [cell["id"] for cell in rebuilt.notebook.cells] == [cell["id"] for cell in base(lab04, "starter").cells]
