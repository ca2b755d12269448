"""The remote lost one object, and the only other copy is in a colleague's cache."""

import hashlib
import random
import shutil

from grader.drills import Drill, check

PREFIX = "dvc/files/md5/"


def export(seed: int, rows: int) -> str:
    """A customer table as CSV."""
    draw = random.Random(seed)
    lines = [f"c{n:05},{draw.randint(1, 72)},{draw.uniform(20, 110):.2f},{int(draw.random() < 0.27)}" for n in range(rows)]
    return "\n".join(["customer_id,tenure,monthly_charges,churn", *lines, ""])


def inject(drill: Drill) -> None:
    """Two versions of the data, pushed from a colleague's clone; then the newer one's object is gone."""
    theirs = drill.folder / "colleague"
    drill.must_run(
        f"git init -q colleague && cd colleague && dvc init -q && dvc remote add -q -d store s3://{drill.namespace}/dvc"
    )
    for month, rows in (("September", 3_000), ("October", 3_600)):
        drill.write("colleague/data/customers.csv", export(1, rows))
        drill.must_run(f"dvc add -q data/customers.csv && git add -A && git commit -qm 'Customers of {month}'", theirs)
    drill.must_run("dvc push -q --all-commits", theirs)
    drill.must_run("git clone -q --bare colleague origin.git && git clone -q origin.git repo")
    drill.must_run("git remote add origin ../origin.git", theirs)
    drill.write("exports/customers-today.csv", export(1, 3_700))
    objects = drill.store.list_objects_v2(Bucket=drill.namespace, Prefix=PREFIX)["Contents"]
    lost = hashlib.md5(export(1, 3_600).encode(), usedforsecurity=False).hexdigest()
    drill.facts |= {"md5": lost, "objects": sorted(item["Key"] for item in objects)}
    drill.store.delete_object(Bucket=drill.namespace, Key=f"{PREFIX}{lost[:2]}/{lost[2:]}")
    shutil.rmtree(drill.folder / ".mlops" / "dvc-site-cache", ignore_errors=True)


@check("pull-works")
def a_fresh_clone_can_pull(drill: Drill) -> None:
    """A fresh clone of origin's main branch pulls its data from the remote."""
    with drill.copy("origin.git") as origin:
        done = drill.run(f"git clone -q {origin} fresh && cd fresh && dvc pull", origin.parent)
        if done.code:
            drill.fail("`dvc pull` ends with 0 in a fresh clone", done.text.strip()[-400:])


@check("octobers-rows")
def main_still_names_octobers_rows(drill: Drill) -> None:
    """Origin's main branch still names the rows of October, by their hash."""
    named = drill.run("git show main:data/customers.csv.dvc", drill.folder / "origin.git")
    drill.expect("main names the md5", drill.facts["md5"] in named.text, named.text.strip()[:200]).is_true(drill.facts["md5"])


@check("every-version")
def every_version_is_on_the_remote(drill: Drill) -> None:
    """Every version in the history is on the remote, and each object has the content that its name says."""
    wrong = []
    there = {item["Key"] for item in drill.store.list_objects_v2(Bucket=drill.namespace, Prefix=PREFIX).get("Contents", [])}
    for key in drill.facts["objects"]:
        if key not in there:
            wrong.append(f"{key} is missing")
            continue
        with drill.store.get_object(Bucket=drill.namespace, Key=key)["Body"] as body:
            if hashlib.md5(body.read(), usedforsecurity=False).hexdigest() != key.removeprefix(PREFIX).replace("/", ""):
                wrong.append(f"{key} holds something else")
    drill.expect("objects that are missing or wrong", wrong).equals([])
