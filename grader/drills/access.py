"""A drill's namespaces on the services: the learner's own, a neighbour's to be left alone, and the bucket's operator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from grader.backends.protocol import Endpoint, Running
from grader.services.mlflow import MlflowService
from grader.services.protocol import Service
from grader.services.s3 import S3Service
from grader.services.s3_client import REGION, ignoring
from grader.spec.service import ServiceSpec
from grader.stack.stack import Stack, in_order

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "drill-"
NEIGHBOUR, OPERATOR = "-2", "-operator"
POLICY = "whole-bucket"


@dataclass(frozen=True)
class Key:
    """An access key of the object store; its fields are named as in an AWS profile."""

    aws_access_key_id: str
    aws_secret_access_key: str


class Access:
    """What a drill does to the services, with the grader's own credentials. Every method raises ServiceFailed."""

    def __init__(self, stack: Stack, running: Mapping[str, Running], drill: str, services: Sequence[str]) -> None:
        self._stack, self._running = stack, running
        self.namespace = f"{PREFIX}{drill}"
        self.specs: list[ServiceSpec] = [spec for spec in in_order(stack.course, services) if spec.id in services]
        self.clients: dict[str, Service] = {spec.id: stack.service(running[spec.id]) for spec in self.specs}

    def open(self) -> dict[str, str]:
        """Fresh, empty namespaces; returns the variables with which the learner's own is reached."""
        self.close()
        variables: dict[str, str] = {}
        for name in self.clients:
            variables |= self.grant(name)
        return variables

    def close(self) -> None:
        """Remove the namespaces with all they hold; does nothing when there are none."""
        for name in reversed(self.clients):
            self.clients[name].close(self.namespace)
        if "s3" in self.clients:
            self.s3.close(f"{self.namespace}{NEIGHBOUR}")
            self._forget_operator()

    def grant(self, service: str) -> Mapping[str, str]:
        """A new credential for the learner's namespace on a service; the one before is void."""
        spec = next(spec for spec in self.specs if spec.id == service)
        endpoint = Endpoint(service, self._running[service].address, spec.ports[spec.endpoint])
        return self.clients[service].open(self.namespace, self._stack.backend.inside(endpoint)).variables

    def neighbour(self) -> Key:
        """Another team's bucket and key on the same store; the bucket is named like the drill's, with `-2`."""
        variables = self.s3.open(f"{self.namespace}{NEIGHBOUR}", self._running["s3"].address).variables
        return Key(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])

    def operator(self) -> Key:
        """A key that may do anything with the drill's bucket (its policy, its versions), and nothing elsewhere."""
        name, iam = f"{self.namespace}{OPERATOR}", self.s3.admin.iam
        arn = f"arn:aws:s3:::{self.namespace}"
        statement = {"Effect": "Allow", "Action": ["s3:*"], "Resource": [arn, f"{arn}/*"]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        with self.s3.admin.failures_explained():
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName=POLICY, PolicyDocument=policy)
            made = iam.create_access_key(UserName=name)["AccessKey"]
        return Key(made["AccessKeyId"], made["SecretAccessKey"])

    def store_as(self, key: Key | None) -> S3Client:
        """A client of the object store with a key; without one, as anybody."""
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}, proxies={})
        if key is None:
            session, config = boto3.Session(region_name=REGION), config.merge(Config(signature_version=UNSIGNED))
        else:
            session = boto3.Session(key.aws_access_key_id, key.aws_secret_access_key, region_name=REGION)
        return session.client("s3", endpoint_url=self._running["s3"].address.url, config=config)

    @property
    def s3(self) -> S3Service:
        """The object store."""
        return cast(S3Service, self.clients["s3"])

    @property
    def mlflow(self) -> MlflowService:
        """The tracking server."""
        return cast(MlflowService, self.clients["mlflow"])

    def _forget_operator(self) -> None:
        name, iam = f"{self.namespace}{OPERATOR}", self.s3.admin.iam
        with self.s3.admin.failures_explained(), ignoring("NoSuchEntity"):
            for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            with ignoring("NoSuchEntity"):
                iam.delete_user_policy(UserName=name, PolicyName=POLICY)
            iam.delete_user(UserName=name)
