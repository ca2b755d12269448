"""The administrator's clients of the object store, and how its failures are told."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from grader.backends.protocol import Address
from grader.errors import ServiceFailed

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.config import Config
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
"""What S3's signatures want to hear; the store itself has no regions."""

ADMIN = "admin"
NEXT_STEP = "see `mlops doctor`; the service's log says more"


class _Account(TypedDict):
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str


class S3Admin:
    """The store as its administrator sees it. boto3 is imported at the first call, for it takes its time."""

    def __init__(self, address: Address, secret: str) -> None:
        self.address, self._secret = address, secret

    @functools.cached_property
    def s3(self) -> S3Client:
        """Buckets and objects."""
        with _ONE_AT_A_TIME:
            return _session().client("s3", config=_config(), **self._account)

    @functools.cached_property
    def iam(self) -> IAMClient:
        """Identities."""
        with _ONE_AT_A_TIME:
            return _session().client("iam", config=_config(), **self._account)

    @property
    def _account(self) -> _Account:
        return {"endpoint_url": self.address.url, "aws_access_key_id": ADMIN, "aws_secret_access_key": self._secret}

    @contextlib.contextmanager
    def failures_explained(self) -> Iterator[None]:
        """Turn what boto3 raises within the block, and no caller handled, into ServiceFailed."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise ServiceFailed(f"the object store at {self.address} failed: {error}", NEXT_STEP) from error


_ONE_AT_A_TIME = threading.Lock()
"""A session may not make two clients at once."""


@functools.cache
def _session() -> Session:
    """One for all clients: it keeps what it has read of the services' descriptions, 0.2 s of JSON a client otherwise."""
    import boto3

    return boto3.Session(region_name=REGION)


@contextlib.contextmanager
def ignoring(*codes: str) -> Iterator[None]:
    """Let the store's errors with these codes pass."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in codes:
            raise


def _config() -> Config:
    """Short patience, and no proxy: the store is near."""
    from botocore.config import Config

    retries = {"total_max_attempts": 2, "mode": "standard"}
    return Config(connect_timeout=3, read_timeout=30, retries=retries, proxies={}, s3={"addressing_style": "path"})  # type: ignore[arg-type]
