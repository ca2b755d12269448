"""Uploads that are not what they should be: made from good ones, by chance that a seed repeats."""

from __future__ import annotations

import io
import json
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator

from grader.course.tree import Lab
from grader.grading.sealed import SEAL

CLIMBING = ("../../evil.ipynb", "/tmp/evil", "..\\evil", "C:\\evil", "files/../../evil", "files//etc/passwd", "a\0b", ".", "..")
WORDS: tuple[object, ...] = (None, 0, -1, 1e308, "", "\ud800", "\0", [], {}, True, "x" * 5000, [[[]]], "../../evil")


def many(lab: Lab, bundle: bytes, notebook: bytes, rng: random.Random, count: int) -> Iterator[bytes]:
    """So many uploads."""
    makers: list[Callable[[], bytes]] = [
        lambda: rng.randbytes(rng.randrange(200)),
        lambda: b"PK\x03\x04" + rng.randbytes(rng.randrange(400)),
        lambda: bundle[: rng.randrange(len(bundle))],
        lambda: _flipped(bundle, rng),
        lambda: _flipped(notebook, rng),
        lambda: notebook[: rng.randrange(len(notebook))],
        lambda: _zip(rng, {rng.choice(CLIMBING): b"x", SEAL: _seal(lab, rng), f"{lab.id}.ipynb": notebook}),
        lambda: _zip(rng, {SEAL: _seal(lab, rng), f"{lab.id}.ipynb": _odd_notebook(notebook, rng)}),
        lambda: _zip(rng, {f"{rng.choice(CLIMBING)}/{lab.id}.ipynb": notebook}),
        lambda: _odd_notebook(notebook, rng),
        lambda: _link(lab, rng),
        lambda: _bomb(lab),
        lambda: _lying_size(bundle, rng),
        lambda: _nested(rng),
        lambda: _twice(lab, notebook),
    ]
    for number in range(count):
        yield makers[number % len(makers)]()


def _flipped(content: bytes, rng: random.Random) -> bytes:
    """Some bytes are others."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _seal(lab: Lab, rng: random.Random) -> bytes:
    """A seal in which one thing is odd."""
    seal: dict[str, object] = {"schema": 1, "lab": lab.id, "student": "x", "sha256": "0" * 64}
    seal[rng.choice(list(seal))] = rng.choice(WORDS)
    return rng.choice((json.dumps(seal).encode(), json.dumps(rng.choice(WORDS)).encode(), b"{", b"\xff\xfe"))


def _odd_notebook(notebook: bytes, rng: random.Random) -> bytes:
    """A notebook in which one thing is odd."""
    document = json.loads(notebook)
    cell = rng.choice(document["cells"])
    where = rng.choice((document, cell, cell["metadata"], document["metadata"]))
    where[rng.choice([*where, "id", "nbgrader", "source", "cells"])] = rng.choice(WORDS)
    return json.dumps(document).encode()


def _zip(rng: random.Random, files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _link(lab: Lab, rng: random.Random) -> bytes:
    """The notebook is a symbolic link."""
    out, info = io.BytesIO(), zipfile.ZipInfo(f"{lab.id}.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        if rng.random() < 0.5:
            archive.writestr(SEAL, "{}")
    return out.getvalue()


def _bomb(lab: Lab) -> bytes:
    """Kilobytes that are eleven megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{lab.id}.ipynb", b"\0" * (11 << 20))
    return out.getvalue()


def _lying_size(bundle: bytes, rng: random.Random) -> bytes:
    """A size or an offset in the directory says something else."""
    changed, at = bytearray(bundle), bundle.find(b"PK\x01\x02")
    field = rng.choice((10, 16, 20, 24, 28, 30, 32, 42))
    struct.pack_into("<I", changed, at + field, rng.choice((0, 1, 2**31, 2**32 - 1)))
    return bytes(changed)


def _nested(rng: random.Random) -> bytes:
    """JSON that is deep."""
    depth = rng.choice((1000, 100_000))
    return b'{"cells":' + b"[" * depth + b"]" * depth + b"}"


def _twice(lab: Lab, notebook: bytes) -> bytes:
    """Two files of one name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(f"{lab.id}.ipynb", notebook)
        archive.writestr(f"{lab.id}.ipynb", b"{}")
        archive.writestr(SEAL, "{}")
    return out.getvalue()
