"""Where what was handed in is kept: under the hash of its bytes, so that it can't be anything else than was handed in."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from grader.errors import BadInput, OurFault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAME = re.compile(r"[0-9a-f]{64}")
NEXT_STEP = "see that the store is there and has space; whoever can tries again"


class BlobsUnavailable(OurFault):
    """The store can't be reached, is full, or holds other bytes than it was given. Nothing was acknowledged."""


class BlobSpoilt(BlobsUnavailable):
    """The store holds other bytes than it was given under this name, and no other try will help."""


class Blobs(Protocol):
    """A store of blobs."""

    def put(self, content: bytes) -> str:
        """Keep the bytes; returns their name, the SHA-256. When it returns, they survive a crash. Raises BlobsUnavailable."""

    def get(self, name: str) -> bytes:
        """The bytes of this name. Raises KeyError when there are none, BlobSpoilt when they are not those, BlobsUnavailable."""

    def has(self, name: str) -> bool:
        """Whether there is such a blob. Raises BlobsUnavailable."""

    def prepare(self) -> None:
        """Make the store, where it isn't there and can be made. Raises BlobsUnavailable."""


def open_blobs(place: str) -> Blobs:
    """The store at `s3://bucket/prefix`, or in a folder. Raises BadInput for another kind of URL."""
    parts = urlsplit(place)
    if parts.scheme == "s3":
        return S3Blobs(_s3_client(), parts.netloc, parts.path.strip("/"))
    if "://" in place:
        raise BadInput(f"there is no store of the kind {parts.scheme}://", "name a folder, or s3://bucket/prefix")
    return FolderBlobs(Path(place))


class FolderBlobs:
    """A folder, with a folder for each first byte. Many processes, on one machine or on a shared file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Written beside its place, forced to disk, then moved there in one step."""
        name = _name(content)
        file = self._file(name)
        with self._failures():
            if file.exists():
                return name
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = file.with_name(f".{name}.{secrets.token_hex(4)}")
            try:
                with new.open("wb") as out:
                    out.write(content)
                    out.flush()
                    os.fsync(out.fileno())
                new.replace(file)
            finally:
                new.unlink(missing_ok=True)
            for folder in (file.parent, self.root):
                _sync(folder)
        return name

    def get(self, name: str) -> bytes:
        """Read whole, and checked."""
        file = self._file(name)
        with self._failures():
            try:
                return _checked(name, file.read_bytes())
            except FileNotFoundError:
                raise KeyError(name) from None

    def has(self, name: str) -> bool:
        """Whether its file is there."""
        with self._failures():
            return self._file(name).exists()

    def prepare(self) -> None:
        """Nothing to do: a folder is made by what is put first."""

    def _file(self, name: str) -> Path:
        return self.root / _valid(name)[:2] / name

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BlobsUnavailable(f"the folder {self.root} can't be used: {error.strerror}", NEXT_STEP) from error


class S3Blobs:
    """A bucket, below a prefix."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "") -> None:
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def put(self, content: bytes) -> str:
        """Written over whatever is there: it can only be the same."""
        name = _name(content)
        with self._failures():
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)
        return name

    def get(self, name: str) -> bytes:
        """Read whole, and checked."""
        with self._failures(name):
            return _checked(name, self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read())

    def has(self, name: str) -> bool:
        """Whether its object is there."""
        try:
            with self._failures(name):
                self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except KeyError:
            return False
        return True

    def prepare(self) -> None:
        """Make the bucket. One that these credentials may not look at is left as it is: the first `put` will tell."""
        from botocore.exceptions import ClientError

        with self._failures():
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("NoSuchBucket", "404"):
                    self._client.create_bucket(Bucket=self._bucket)

    def _key(self, name: str) -> str:
        return f"{self._prefix}{_valid(name)[:2]}/{name}"

    @contextlib.contextmanager
    def _failures(self, name: str = "") -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if name and error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                raise KeyError(name) from None
            raise BlobsUnavailable(f"the bucket {self._bucket} can't be used: {error}", NEXT_STEP) from error
        except BotoCoreError as error:
            raise BlobsUnavailable(f"the bucket {self._bucket} can't be used: {error}", NEXT_STEP) from error


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _valid(name: str) -> str:
    if not NAME.fullmatch(name):
        raise KeyError(name)
    return name


def _checked(name: str, content: bytes) -> bytes:
    if _name(content) != name:
        raise BlobSpoilt(f"what is kept as {name} is something else", "restore it from a backup")
    return content


def _sync(folder: Path) -> None:
    """Force a folder's entries to disk, where a folder can be opened for that (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _s3_client() -> S3Client:
    """By the usual variables (AWS_ACCESS_KEY_ID …), as they are now: boto3's default session remembers earlier ones."""
    import boto3
    from botocore.config import Config

    retries = {"total_max_attempts": 3, "mode": "standard"}
    config = Config(connect_timeout=3, read_timeout=30, retries=retries, s3={"addressing_style": "path"})  # type: ignore[arg-type]
    return boto3.session.Session().client("s3", config=config)
