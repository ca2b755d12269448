"""What a check may ask of the object store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grader.services.s3_client import S3Admin, ignoring

MOST_KEYS = 10_000


@dataclass(frozen=True)
class Object:
    """An object in a bucket; `size` in bytes, `modified` by the store's clock."""

    key: str
    size: int
    modified: datetime


class S3Questions:
    """Looks at one namespace's bucket with the grader's own credentials. Every method raises ServiceFailed."""

    def __init__(self, admin: S3Admin, namespace: str) -> None:
        self._admin, self.namespace = admin, namespace

    def keys(self, prefix: str = "") -> list[Object]:
        """The objects whose key starts with `prefix`, by key; at most 10,000."""
        found: list[Object] = []
        with self._admin.failures_explained():
            pages = self._admin.s3.get_paginator("list_objects_v2").paginate(Bucket=self.namespace, Prefix=prefix)
            for page in pages:
                found += [Object(o["Key"], o["Size"], o["LastModified"]) for o in page.get("Contents", [])]
                if len(found) >= MOST_KEYS:
                    break
        return found[:MOST_KEYS]

    def get(self, key: str, cap: int) -> bytes:
        """The content of an object. Raises KeyError when it isn't there, ValueError when it is larger than `cap` bytes."""
        with self._admin.failures_explained(), ignoring("NoSuchKey", "404"):
            body = self._admin.s3.get_object(Bucket=self.namespace, Key=key)["Body"]
            content = body.read(cap + 1)
            body.close()
            if len(content) > cap:
                raise ValueError(f"s3://{self.namespace}/{key} holds more than {cap} bytes")
            return content
        raise KeyError(key)
