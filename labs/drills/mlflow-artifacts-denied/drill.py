"""A bucket policy that was meant for `releases/` denies writes to the whole bucket."""

import json
from collections.abc import Callable

from botocore.exceptions import ClientError

from grader.drills import Drill, check

RELEASED = "releases/churn/3/model.skops"


def inject(drill: Drill) -> None:
    """A released model and a neighbour's bucket, then the policy with the wrong Resource."""
    drill.store.put_object(Bucket=drill.namespace, Key=RELEASED, Body=b"a released model")
    drill.store.put_object(Bucket=drill.neighbour(), Key="private.csv", Body=b"another team's")
    deny = {
        "Sid": "ReleasesAreFinal",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:PutObject", "s3:DeleteObject"],
        "Resource": [f"arn:aws:s3:::{drill.namespace}/*"],
    }
    drill.store.put_bucket_policy(Bucket=drill.namespace, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))


@check("job-logs")
def the_job_logs_its_report(drill: Drill) -> None:
    """The nightly job ends well, and its report is in the run's folder of the bucket."""
    done = drill.run("python nightly.py")
    if done.code:
        drill.fail("`python nightly.py` ends with 0", f"{done.code}: {done.last}")
    newest = drill.tracking.runs()[-1]
    files = [artifact.path for artifact in drill.tracking.artifacts(newest)]
    drill.expect("files of the newest run", files, f"run {newest.id}").equals(["report.csv"])


@check("releases-locked")
def released_models_stay_closed(drill: Drill) -> None:
    """A released model can be read with the job's key, and nothing in releases/ overwritten, added or deleted."""
    with drill.store_as("job").get_object(Bucket=drill.namespace, Key=RELEASED)["Body"] as body:
        drill.expect("the released model", body.read()).equals(b"a released model")
    for key in (RELEASED, f"{RELEASED}.new"):
        drill.expect(f"writing {key}", write(drill, "job", key)).equals("AccessDenied", why="the ticket of 17:30")
    deleted = answer(lambda: drill.store_as("job").delete_object(Bucket=drill.namespace, Key="releases/churn/2/model.skops"))
    drill.expect("deleting from releases/", deleted).equals("AccessDenied", why="the ticket of 17:30")


@check("nobody-else")
def nobody_else_got_in(drill: Drill) -> None:
    """Another team's key, and no key at all, still can't read or write the bucket; nor can the job theirs."""
    for who in ("neighbour", "anybody"):
        found = [read(drill, who, drill.namespace, RELEASED), write(drill, who, f"mlflow/{who}")]
        drill.expect(f"reading and writing as {who}", found).equals(["AccessDenied", "AccessDenied"])
    theirs = read(drill, "job", f"{drill.namespace}-2", "private.csv")
    drill.expect("reading the neighbour's bucket with the job's key", theirs).equals("AccessDenied")


def read(drill: Drill, who: str, bucket: str, key: str) -> str:
    """What the store answers to a read: `done`, or its word for why not."""
    return answer(lambda: drill.store_as(who).get_object(Bucket=bucket, Key=key)["Body"].close())


def write(drill: Drill, who: str, key: str) -> str:
    """What the store answers to a write into the drill's bucket."""
    return answer(lambda: drill.store_as(who).put_object(Bucket=drill.namespace, Key=key, Body=b"a released model"))


def answer(call: Callable[[], object]) -> str:
    """`done`, or the store's own word for why not."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
