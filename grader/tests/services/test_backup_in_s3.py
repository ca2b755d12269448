"""A class whose blobs are in S3: saved from there and restored to there, and moved from a folder and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.gradebook.blobs import BlobsUnavailable, FolderBlobs, S3Blobs, open_blobs
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.services.s3 import S3Service
from grader.tests.gradebook.terminal import Terminal
from grader.tests.services.conftest import Namespace

pytestmark = pytest.mark.services
LAB = "01-adding"


@pytest.fixture
def bucket(mine: Namespace, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket on the real server, which the usual variables lead to."""
    for name, value in mine.grants["s3"].variables.items():
        monkeypatch.setenv(name, value)
    return mine.name


@pytest.fixture
def admin(tmp_path: Path, small: Course, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A class of one, who is asked for one lab."""
    monkeypatch.setenv("MLOPS_COURSE", str(small.root))
    made = Terminal(tmp_path / "home")
    made("init")
    made("course", "math", "Mathematics")
    made("enrol", "math", "ann")
    made("assign", "math", "adding", "--lab", LAB)
    return made


def hand_in(admin: Terminal, course: Course, folder: Path, place: str) -> bytes:
    """From a terminal; the bundle."""
    lab = course.lab(LAB)
    sealed = bundle(lab, samples.solution(lab)[0])
    (folder / "ann.zip").write_bytes(sealed)
    admin("submit", "math", "adding", "ann", folder / "ann.zip", "--blobs", place)
    return sealed


def kept(service: S3Service, bucket: str, prefix: str) -> list[str]:
    """The names of what is in the bucket below a prefix."""
    found = service.admin.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return sorted(one["Key"].rpartition("/")[2] for one in found)


def test_a_class_in_s3_is_saved_and_comes_back(
    admin: Terminal, small: Course, s3: S3Service, bucket: str, tmp_path: Path
) -> None:  # fmt: skip
    """Elsewhere in S3, and in a folder; a folder's class moves to S3. What was handed in is what it was."""
    first, second, file = f"s3://{bucket}/first", f"s3://{bucket}/second/place", tmp_path / "class.tar.gz"
    sealed = hand_in(admin, small, tmp_path, first)
    [name] = kept(s3, bucket, "first/")
    said = admin("backup", file, "--blobs", first).partition(": ")[2]
    assert ", 1 blobs, as of " in said
    there = Terminal(tmp_path / "there")
    assert there("restore", file, "--blobs", second).endswith(said)
    assert kept(s3, bucket, "second/place/") == [name]
    opened = open_blobs(second)
    assert isinstance(opened, S3Blobs) and opened.get(name) == sealed
    folder = Terminal(tmp_path / "folder")
    folder("restore", file)
    assert FolderBlobs(tmp_path / "folder" / "blobs").get(name) == sealed
    folder("backup", tmp_path / "again.tar.gz")
    third = f"s3://{bucket}/third"
    Terminal(tmp_path / "third")("restore", tmp_path / "again.tar.gz", "--blobs", third)
    assert open_blobs(third).get(name) == sealed
    assert there("jobs") == admin("jobs")


def test_what_is_gone_or_spoilt_in_s3_is_named(
    admin: Terminal, small: Course, s3: S3Service, bucket: str, tmp_path: Path
) -> None:  # fmt: skip
    """All else is saved."""
    place = f"s3://{bucket}/class"
    hand_in(admin, small, tmp_path, place)
    [name] = kept(s3, bucket, "class/")
    key = f"class/{name[:2]}/{name}"
    s3.admin.s3.put_object(Bucket=bucket, Key=key, Body=b"something else")
    for number in range(2):
        file = tmp_path / f"{number}.tar.gz"
        with pytest.raises(AssertionError, match=f"not in the store, so not in the backup: {name}"):
            admin("backup", file, "--blobs", place)
        assert file.exists()
        s3.admin.s3.delete_object(Bucket=bucket, Key=key)


def test_no_bucket_no_backup_and_no_restore(admin: Terminal, small: Course, bucket: str, tmp_path: Path) -> None:
    """It is said; no file is left, and no row is restored."""
    place, file = f"s3://{bucket}/class", tmp_path / "class.tar.gz"
    hand_in(admin, small, tmp_path, place)
    admin("backup", file, "--blobs", place)
    for words in (("backup", tmp_path / "other.tar.gz"), ("restore", file)):
        with pytest.raises(BlobsUnavailable, match="the bucket no-such-bucket can't be used"):
            (admin if words[0] == "backup" else Terminal(tmp_path / "there"))(*words, "--blobs", "s3://no-such-bucket/x")
    assert not (tmp_path / "other.tar.gz").exists()
    there = Terminal(tmp_path / "there")
    assert there("restore", file, "--blobs", f"s3://{bucket}/again").endswith("\n")
