"""The contract of a blob store, for a folder and for a real S3."""

from __future__ import annotations

import functools
import hashlib
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import BadInput
from grader.gradebook.blobs import Blobs, BlobsUnavailable, FolderBlobs, S3Blobs, open_blobs

CONTENTS = [b"", b"x", bytes(range(256)) * 4096]
Overwrite = Callable[[str, bytes], object]


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Blobs, Overwrite]:
    """A store, and a way to spoil what is in it."""
    if request.param == "folder":
        root = tmp_path / "blobs"
        return FolderBlobs(root), lambda name, content: (root / name[:2] / name).write_bytes(content)
    client, prefix = request.getfixturevalue("s3").admin.s3, "of/a/class"
    if "blobs" not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="blobs")
    put = functools.partial(client.put_object, Bucket="blobs")
    return S3Blobs(client, "blobs", prefix), lambda name, content: put(Key=f"{prefix}/{name[:2]}/{name}", Body=content)


def test_what_was_put_is_got(store: tuple[Blobs, Overwrite]) -> None:
    """Under the SHA-256 of its bytes; twice is once."""
    blobs, _ = store
    for content in CONTENTS:
        name = hashlib.sha256(content).hexdigest()
        assert [blobs.put(content), blobs.put(content)] == [name, name]
        assert (blobs.get(name), blobs.has(name)) == (content, True)


@pytest.mark.parametrize("name", ["0" * 64, "nonsense", "../../etc/passwd", "", "A" * 64])
def test_what_was_never_put_is_not_there(store: tuple[Blobs, Overwrite], name: str) -> None:
    """And a name that is no hash leads nowhere."""
    with pytest.raises(KeyError):
        store[0].get(name)


def test_what_was_spoilt_is_told(store: tuple[Blobs, Overwrite]) -> None:
    """Other bytes are never handed out under the name."""
    blobs, overwrite = store
    name = blobs.put(b"honest")
    overwrite(name, b"forged")
    with pytest.raises(BlobsUnavailable, match=f"what is kept as {name} is something else"):
        blobs.get(name)


def test_many_put_the_same_at_once(store: tuple[Blobs, Overwrite]) -> None:
    """None gets in another's way."""
    blobs, content = store[0], b"the same" * 10_000
    threads = [threading.Thread(target=blobs.put, args=(content,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blobs.get(hashlib.sha256(content).hexdigest()) == content


def test_a_folder_is_for_its_owner_and_holds_nothing_half_written(tmp_path: Path) -> None:
    """Only finished blobs, in folders that no other user can read."""
    blobs = FolderBlobs(tmp_path / "blobs")
    names = sorted(blobs.put(content) for content in CONTENTS)
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == names
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in files} == {0o700}


def test_a_folder_that_can_t_be_written_is_told(tmp_path: Path) -> None:
    """Nothing was acknowledged."""
    (tmp_path / "blobs").write_text("a file, where the folder should be")
    with pytest.raises(BlobsUnavailable, match=r"blobs can't be used: Not a directory \(see that the store is there"):
        FolderBlobs(tmp_path / "blobs").put(b"x")


def test_a_store_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, or a bucket; nothing else."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert isinstance(open_blobs(str(tmp_path)), FolderBlobs)
    assert isinstance(open_blobs("s3://bucket/some/prefix"), S3Blobs)
    with pytest.raises(BadInput, match="there is no store of the kind ftp://"):
        open_blobs("ftp://x")


@pytest.mark.services
def test_a_bucket_is_made(request: pytest.FixtureRequest) -> None:
    """Once: what is in it stays."""
    blobs = S3Blobs(request.getfixturevalue("s3").admin.s3, "made-by-prepare")
    blobs.prepare()
    name = blobs.put(b"work")
    blobs.prepare()
    assert blobs.get(name) == b"work"
