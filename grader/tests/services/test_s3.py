"""The object store: a run reaches its own bucket and nothing else, and nothing of it stays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import requests

from grader.backends.protocol import Address
from grader.errors import ServiceFailed
from grader.services.protocol import Grant
from grader.services.s3 import S3Service
from grader.services.s3_questions import Object
from grader.tests.services.conftest import Namespace
from grader.tests.services.student import iam_client, refusal, s3_client

pytestmark = pytest.mark.services


def test_a_run_uses_its_own_bucket(mine: Namespace) -> None:
    """The run's credentials write, read, list and delete objects in its bucket, large ones in parts."""
    client = s3_client(mine.grants["s3"])
    large = bytes(9 * 1024 * 1024)
    client.put_object(Bucket=mine.name, Key="a/one", Body=b"1")
    upload = client.create_multipart_upload(Bucket=mine.name, Key="a/large")["UploadId"]
    part = client.upload_part(Bucket=mine.name, Key="a/large", UploadId=upload, PartNumber=1, Body=large)["ETag"]
    client.complete_multipart_upload(
        Bucket=mine.name, Key="a/large", UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]}
    )
    client.put_object(Bucket=mine.name, Key="a/gone", Body=b"1")
    client.delete_object(Bucket=mine.name, Key="a/gone")
    listed = client.list_objects_v2(Bucket=mine.name, Prefix="a/")["Contents"]
    assert [(item["Key"], item["Size"]) for item in listed] == [("a/large", len(large)), ("a/one", 1)]
    assert client.get_object(Bucket=mine.name, Key="a/one")["Body"].read() == b"1"


def test_what_the_grant_says(mine: Namespace) -> None:
    """The run gets a key of its own in its environment, and only the bucket's name in the notebook."""
    grant = mine.grants["s3"]
    url = mine.running["s3"].address.url
    assert dict(grant.parameters) == {"bucket": mine.name}
    assert {name: value for name, value in grant.variables.items() if "KEY" not in name} == {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, "LAB_BUCKET": mine.name, "MLFLOW_S3_ENDPOINT_URL": url,
    }  # fmt: skip


Attack = Callable[[Any, str, str], object]
ELSEWHERE: dict[str, Attack] = {
    "read": lambda s3, _, other: s3.get_object(Bucket=other, Key="secret"),
    "head": lambda s3, _, other: s3.head_object(Bucket=other, Key="secret"),
    "list": lambda s3, _, other: s3.list_objects_v2(Bucket=other),
    "write": lambda s3, _, other: s3.put_object(Bucket=other, Key="x", Body=b"1"),
    "delete": lambda s3, _, other: s3.delete_object(Bucket=other, Key="secret"),
    "copy out": lambda s3, mine, other: s3.copy_object(Bucket=mine, Key="x", CopySource=f"{other}/secret"),
    "path read": lambda s3, mine, other: s3.get_object(Bucket=mine, Key=f"../{other}/secret"),
    "path write": lambda s3, mine, other: s3.put_object(Bucket=mine, Key=f"../{other}/x", Body=b"1"),
    "path copy": lambda s3, mine, other: s3.copy_object(Bucket=mine, Key="x", CopySource=f"{mine}/../{other}/secret"),
    "delete bucket": lambda s3, _, other: s3.delete_bucket(Bucket=other),
    "new bucket": lambda s3, mine, _: s3.create_bucket(Bucket=f"{mine}-more"),
    "own bucket": lambda s3, mine, _: s3.delete_bucket(Bucket=mine),
}


@pytest.mark.parametrize("attack", ELSEWHERE)
def test_nothing_else_is_within_reach(mine: Namespace, other: Namespace, attack: str) -> None:
    """Another run's bucket can't be read, written or deleted, by path tricks neither, and no bucket made or dropped."""
    owner = s3_client(other.grants["s3"])
    owner.put_object(Bucket=other.name, Key="secret", Body=b"theirs")
    found = refusal(lambda: ELSEWHERE[attack](s3_client(mine.grants["s3"]), mine.name, other.name))
    left = [item["Key"] for item in owner.list_objects_v2(Bucket=other.name)["Contents"]]
    assert (found != "", left) == (True, ["secret"]), found


def test_a_path_trick_lists_nothing(mine: Namespace, other: Namespace) -> None:
    """A prefix that climbs out of the bucket shows no object of another run."""
    s3_client(other.grants["s3"]).put_object(Bucket=other.name, Key="secret", Body=b"theirs")
    client = s3_client(mine.grants["s3"])
    for prefix in (f"../{other.name}/", f"x/../../{other.name}/"):
        try:
            shown = client.list_objects_v2(Bucket=mine.name, Prefix=prefix).get("Contents", [])
        except client.exceptions.ClientError:
            shown = []
        assert shown == []


GIVING_AWAY: dict[str, Attack] = {
    "bucket policy": lambda s3, mine, _: s3.put_bucket_policy(
        Bucket=mine,
        Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",'
        f'"Resource":["arn:aws:s3:::{mine}","arn:aws:s3:::{mine}/*"]}}]}}',
    ),
    "bucket acl": lambda s3, mine, _: s3.put_bucket_acl(Bucket=mine, ACL="public-read"),
    "object acl": lambda s3, mine, _: s3.put_object_acl(Bucket=mine, Key="x", ACL="public-read"),
    "acl with the object": lambda s3, mine, _: s3.put_object(Bucket=mine, Key="x", Body=b"mine", ACL="public-read"),
}


@pytest.mark.parametrize("way", GIVING_AWAY)
def test_a_run_cannot_open_its_bucket_to_others(mine: Namespace, other: Namespace, way: str) -> None:
    """Whatever a run tries, neither another run nor anyone without a key reads its objects."""
    client = s3_client(mine.grants["s3"])
    client.put_object(Bucket=mine.name, Key="x", Body=b"mine")
    refusal(lambda: GIVING_AWAY[way](client, mine.name, other.name))
    stranger = refusal(lambda: s3_client(other.grants["s3"]).get_object(Bucket=mine.name, Key="x"))
    nobody = requests.get(f"{mine.running['s3'].address.url}/{mine.name}/x", timeout=10)
    assert (stranger, nobody.status_code) == ("AccessDenied", 403)


def test_a_run_makes_no_identities(mine: Namespace) -> None:
    """The IAM API, which listens on the same port, takes nothing from a run: no users, no keys of others, no wider policy."""
    iam = iam_client(mine.grants["s3"])
    wide = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}'
    tries: list[Callable[[], object]] = [
        iam.list_users,
        lambda: iam.create_user(UserName="friend"),
        lambda: iam.create_access_key(UserName="admin"),
        lambda: iam.put_user_policy(UserName=mine.name, PolicyName="own-bucket", PolicyDocument=wide),
    ]
    assert [refusal(attempt) != "" for attempt in tries] == [True] * len(tries)


def test_a_secret_is_needed(mine: Namespace) -> None:
    """A wrong secret, and none at all, are refused."""
    wrong = s3_client(mine.grants["s3"], secret="x" * 40)
    nobody = requests.get(f"{mine.running['s3'].address.url}/{mine.name}", timeout=10)
    assert (refusal(lambda: wrong.list_objects_v2(Bucket=mine.name)), nobody.status_code) == ("SignatureDoesNotMatch", 403)


def test_closing_leaves_nothing(mine: Namespace, s3: S3Service) -> None:
    """After a close all keys are dead, the bucket is gone with its objects, and closing again does nothing."""
    client = s3_client(mine.grants["s3"])
    client.put_object(Bucket=mine.name, Key="x", Body=b"1")
    client.create_multipart_upload(Bucket=mine.name, Key="unfinished")
    more = iam_client(mine.grants["s3"]).create_access_key(UserName=mine.name)["AccessKey"]
    spare = {"AWS_ACCESS_KEY_ID": more["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": more["SecretAccessKey"]}
    hoarder = s3_client(Grant({**mine.grants["s3"].variables, **spare}))
    hoarder.list_objects_v2(Bucket=mine.name)
    s3.close(mine.name)
    s3.close(mine.name)
    refusals = [refusal(functools.partial(dead.list_objects_v2, Bucket=mine.name)) for dead in (client, hoarder)]
    assert refusals == ["InvalidAccessKeyId"] * 2
    with pytest.raises(ServiceFailed, match="NoSuchBucket"):
        s3.questions(mine.name).keys()
    mine.open()
    assert s3.questions(mine.name).keys() == []


def test_opening_again_keeps_the_objects(mine: Namespace) -> None:
    """A namespace that is opened again has what it held; the new key works and the old one doesn't."""
    before = s3_client(mine.grants["s3"])
    before.put_object(Bucket=mine.name, Key="x", Body=b"kept")
    mine.open()
    content = s3_client(mine.grants["s3"]).get_object(Bucket=mine.name, Key="x")["Body"].read()
    old = refusal(lambda: before.list_objects_v2(Bucket=mine.name))
    assert (content, old) == (b"kept", "InvalidAccessKeyId")


def test_questions(mine: Namespace, s3: S3Service) -> None:
    """`keys` tells key, size and time below a prefix, `get` the content up to a cap."""
    client = s3_client(mine.grants["s3"])
    for key in ("a/1", "a/2", "b/1"):
        client.put_object(Bucket=mine.name, Key=key, Body=key.encode())
    times = {item["Key"]: item["LastModified"] for item in client.list_objects_v2(Bucket=mine.name)["Contents"]}
    ask = s3.questions(mine.name)
    assert ask.keys("a/") == [Object("a/1", 3, times["a/1"]), Object("a/2", 3, times["a/2"])]
    assert ask.get("b/1", cap=3) == b"b/1"
    with pytest.raises(KeyError, match="b/2"):
        ask.get("b/2", cap=3)
    with pytest.raises(ValueError, match="more than 2 bytes"):
        ask.get("b/1", cap=2)


def test_a_store_that_is_not_there(mine: Namespace) -> None:
    """A dead store is our fault, told with its address."""
    with pytest.raises(ServiceFailed, match=r"the object store at 127\.0\.0\.1:9 failed: Could not connect"):
        S3Service(Address("127.0.0.1", 9), {"admin-secret": "x"}).check()
