"""S3: a bucket and an identity for each run."""

from __future__ import annotations

import json
from collections.abc import Mapping

from grader.backends.protocol import Address
from grader.services.protocol import Grant
from grader.services.s3_client import REGION, S3Admin, ignoring
from grader.services.s3_questions import S3Questions

POLICY = "own-bucket"
ON_BUCKET = ("ListBucket", "GetBucketLocation")
ON_OBJECTS = ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload")
CANARY = "readiness"
GONE = ("NoSuchEntity", "NoSuchBucket")


class S3Service:
    """The object store. The namespace is the name of the bucket and of the identity that may use it.

    `secrets` are the service's own: `admin-secret`.
    """

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self._admin = S3Admin(address, secrets["admin-secret"])

    def check(self) -> None:
        """Write an object: the store lists buckets some time before it can keep anything."""
        with self._admin.failures_explained():
            with ignoring("NoSuchBucket"):
                self._admin.s3.put_object(Bucket=CANARY, Key="canary", Body=b"1")
                return
            with ignoring("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
                self._admin.s3.create_bucket(Bucket=CANARY)
            self._admin.s3.put_object(Bucket=CANARY, Key="canary", Body=b"1")

    def open(self, namespace: str, inside: Address) -> Grant:
        """A bucket, and a fresh key that may list, read, write and delete its objects, and nothing else."""
        with self._admin.failures_explained():
            with ignoring("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
                self._admin.s3.create_bucket(Bucket=namespace)
            with ignoring("EntityAlreadyExists"):
                self._admin.iam.create_user(UserName=namespace)
            self._admin.iam.put_user_policy(UserName=namespace, PolicyName=POLICY, PolicyDocument=_policy(namespace))
            self._revoke_keys(namespace)
            key = self._admin.iam.create_access_key(UserName=namespace)["AccessKey"]
        return Grant(
            variables={
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": inside.url,
                "LAB_BUCKET": namespace,
                "MLFLOW_S3_ENDPOINT_URL": inside.url,
            },
            parameters={"bucket": namespace},
        )

    def close(self, namespace: str) -> None:
        """Revoke the keys, then delete the identity and the bucket with all it holds."""
        with self._admin.failures_explained():
            with ignoring(*GONE):
                self._revoke_keys(namespace)
                with ignoring(*GONE):
                    self._admin.iam.delete_user_policy(UserName=namespace, PolicyName=POLICY)
                self._admin.iam.delete_user(UserName=namespace)
            with ignoring(*GONE):
                # SeaweedFS deletes a bucket with its objects, versions and unfinished uploads in one go.
                self._admin.s3.delete_bucket(Bucket=namespace)

    @property
    def admin(self) -> S3Admin:
        """The administrator's own clients, for what a drill breaks and mends."""
        return self._admin

    def questions(self, namespace: str) -> S3Questions:
        """Questions on the namespace's bucket."""
        return S3Questions(self._admin, namespace)

    def _revoke_keys(self, namespace: str) -> None:
        for key in self._admin.iam.list_access_keys(UserName=namespace)["AccessKeyMetadata"]:
            self._admin.iam.delete_access_key(UserName=namespace, AccessKeyId=key["AccessKeyId"])


def _policy(bucket: str) -> str:
    """An IAM policy for one bucket. It names each action: `s3:Put*` would allow to make the bucket public."""
    arn = f"arn:aws:s3:::{bucket}"
    grants = ((ON_BUCKET, arn), (ON_OBJECTS, f"{arn}/*"))
    statements = [
        {"Effect": "Allow", "Action": [f"s3:{action}" for action in actions], "Resource": [resource]}
        for actions, resource in grants
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
