import base64
import csv
import hashlib
import io
import json
import re
from bisect import bisect_right
from typing import Any

from grader.checks import Lab, check
from grader.run.questions import Csv

from .checks_batches import CLEAN, FAULTS, PARTED, Rows, batch, csv_text, misplaced, renamed, spoiled

POINTER = "data/customers.csv.dvc"
OUTPUTS = "data/prepared.csv", "data/features.csv", "metrics.json"
BANDS = {"run-1": [12, 24, 48], "run-2": [6, 12, 24, 48]}
BUNDLE_BYTES, OBJECT_BYTES = 2 * 2**20, 4 * 2**20


# What the run must have held, and what its scripts make of that: computed here, from the author's own copy of the rows.


def exports(lab: Lab) -> dict[str, bytes]:
    """The content of each version of `data/customers.csv`, by its tag."""
    lines = lab.run.files["customers.csv"].splitlines(keepends=True)
    return {"v1": b"".join(lines[: len(lines) * 4 // 5]), "v2": b"".join(lines)}


def kept(customers: bytes, min_tenure: int) -> Rows:
    """The customers whom the first stage keeps, as it writes them."""
    rows = csv.DictReader(io.StringIO(customers.decode()))
    return [row | {"total_charges": row["total_charges"] or "0"} for row in rows if int(row["tenure"]) >= min_tenure]


def results(customers: bytes, min_tenure: int, bands: list[int]) -> dict[str, str]:
    """The MD5 of what the two stages write, by path."""
    rows = kept(customers, min_tenure)
    banded = [row | {"tenure_band": str(bisect_right(bands, int(row["tenure"])))} for row in rows]
    features = [{name: row[name] for name in ("customer_id", "tenure_band", "monthly_charges", "churn")} for row in banded]
    texts = csv_text(rows), csv_text(features), json.dumps({"customers": len(rows), "churn_rate": churn_rate(rows)})
    return {path: md5(text.encode()) for path, text in zip(OUTPUTS, texts, strict=True)}


def churn_rate(rows: Rows) -> float:
    """The share of those who left, as the second stage writes it."""
    return round(sum(row["churn"] == "Yes" for row in rows) / len(rows), 6)


def md5(content: bytes) -> str:
    """The name under which DVC stores this content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


# The repository that was handed in, cloned in the examiner.


def ask(lab: Lab, name: str, *args: Any, about: str = "") -> Any:
    """The examiner's answer; a question that several checks share is put to it only the first time."""
    key = repr(("examiner", name, about or args))
    if key not in lab.run.answers:
        lab.run.answers[key] = lab.examine(name, *args)
    return lab.run.answers[key]


def repository(lab: Lab) -> dict[str, Any]:
    """Tags, remote, and what has no place in git."""
    bundle = base64.b64encode(lab.file("repo.bundle", BUNDLE_BYTES)).decode()
    found: dict[str, Any] = ask(lab, "clone", bundle, about="bundle")
    if found["problem"]:
        lab.fail("a git repository in repo/ that can be cloned", found["problem"])
    return found


def read(lab: Lab, tag: str, path: str) -> Any:
    """What a file of DVC's says at a tag, in the form that the examiner checked."""
    tags = repository(lab)["tags"]
    if tag not in tags:
        lab.fail(f"a commit with the tag {tag}", f"tags: {', '.join(tags[:8]) or 'none'}")
    found = ask(lab, "read", tag, path)
    if found["problem"]:
        lab.fail(f"{path} in git at {tag}, as the task asks for it", found["problem"])
    return found["value"]


def remote(lab: Lab) -> tuple[str, str]:
    """The default remote of the newest commit, in this run's bucket: its address, and the prefix of its keys."""
    found, bucket = repository(lab)["remote"], lab.run.parameters["bucket"]
    if found["problem"] or not found["url"]:
        lab.fail("a default remote in .dvc/config, in git", found["problem"] or "there is none")
    match = re.fullmatch(rf"s3://{re.escape(bucket)}((?:/[\w-]+)*)/?", found["url"], re.ASCII)
    if match is None:
        lab.fail(f"a remote in this run's bucket: s3://{bucket}/churn", found["url"])
    return f"s3://{bucket}{match[1]}", f"{match[1]}/files/md5/".lstrip("/")


def stored(lab: Lab, key: str) -> bytes | None:
    """An object of the run's bucket, read with the grader's own keys; None when there is none."""
    try:
        return lab.s3.get(key, OBJECT_BYTES)
    except (KeyError, ValueError):
        return None


def fresh_clone(lab: Lab) -> dict[str, Any]:
    """Check out `run-2` in the examiner, and pull; gives its parameters."""
    address, _ = remote(lab)
    params: dict[str, Any] = read(lab, "run-2", "params.yaml")
    for path in (POINTER, "dvc.yaml", "src/prepare.py", "src/features.py"):
        read(lab, "run-2", path)
    refused = ask(lab, "check_out", "run-2", address)
    if refused:
        lab.fail("one dvc.yaml, one .dvc file for the customers, and no links", f"there is {refused}")
    return params


@check("pointer")
def git_holds_the_note_and_not_the_rows(lab: Lab) -> None:
    """At the tag `v1`, git holds a `.dvc` file with the MD5 and the size of Monday's export; no commit holds rows."""
    content, noted = exports(lab)["v1"], read(lab, "v1", POINTER)["outs"][0]
    lab.expect(f"MD5 in {POINTER} at v1", noted["md5"]).equals(md5(content), why="Monday's export of this run")
    lab.expect(f"size in {POINTER} at v1", noted["size"]).equals(len(content), why="bytes of Monday's export")
    large = [f"{path} ({size:,} bytes)" for path, size in repository(lab)["large"]]
    lab.expect("large files in git's history", large).equals([], why="rows belong into DVC, notes into git")


@check("remote")
def whoever_clones_finds_the_store(lab: Lab) -> None:
    """A fresh clone knows your bucket as DVC's default remote, and no commit holds a credential."""
    remote(lab)
    leaks = repository(lab)["leaks"]
    lab.expect("files with this run's keys in git's history", leaks).equals([], why="a key that was committed is public")


@check("two-versions")
def both_versions_can_be_pulled(lab: Lab) -> None:
    """What the `.dvc` files at `v1` and `v2` point at lies in S3, byte for byte as it was exported."""

    def problem(tag: str) -> str:
        wanted, noted = exports(lab)[tag], read(lab, tag, POINTER)["outs"][0]["md5"]
        key = f"{remote(lab)[1]}{noted[:2]}/{noted[2:]}"
        found = stored(lab, key)
        if found is None:
            return f"{tag}: the bucket holds no {key}"
        return "" if found == wanted else f"{tag}: bytes with MD5 {md5(found)}, exported were others with {md5(wanted)}"

    lab.each("versions", ["v1", "v2"], problem, "the exported bytes in S3, read with the grader's own key")


@check("lock")
def the_lock_file_is_true(lab: Lab) -> None:
    """`dvc.lock` at `run-1` and at `run-2` names the customers that were read and what the two scripts make of them,
    with the parameters of that run."""
    customers = exports(lab)["v2"]

    def problem(tag: str) -> str:
        wanted = {"data/customers.csv": md5(customers)} | results(customers, 1, BANDS[tag])
        stages = read(lab, tag, "dvc.lock")["stages"].values()
        found = {entry["path"]: entry["md5"] for stage in stages for entry in (*stage["deps"], *stage["outs"])}
        wrong = [path for path in wanted if found.get(path) != wanted[path]]
        return f"{tag}: {wrong[0]} has MD5 {found.get(wrong[0])}, recomputed {wanted[wrong[0]]}" if wrong else ""

    lab.each("runs", list(BANDS), problem, "the MD5 of customers, prepared rows, features and metrics as recomputed")


@check("nothing-reruns")
def a_fresh_clone_has_nothing_to_compute(lab: Lab) -> None:
    """In a fresh clone of `run-2`, pulled from S3, `dvc repro` starts no script, and the features are there."""
    params = fresh_clone(lab)
    wanted = results(exports(lab)["v2"], params["prepare"]["min_tenure"], params["features"]["bands"])["data/features.csv"]
    found = ask(lab, "reproduce", {}, 0, "")
    if found["problem"]:
        lab.fail("dvc repro succeeds in the clone", found["problem"])
    lab.expect("scripts that were started", found["started"]).equals([], why="nothing has changed")
    lab.expect("MD5 of data/features.csv", found["outputs"]["data/features.csv"]).equals(wanted, why="recomputed")


@check("right-stage")
def exactly_the_right_stage_reruns(lab: Lab) -> None:
    """When we change a parameter, the rows or a script in a fresh clone, exactly the stages that depend on it rerun, and
    leave what they must."""
    state = fresh_clone(lab)["prepare"] | {"bands": sorted(lab.random.sample(range(3, 72), 3)), "customers": exports(lab)["v2"]}
    ask(lab, "reproduce", {}, 0, "")
    longer = lab.random.choice([months for months in range(2, 10) if months != state["min_tenure"]])
    fewer = lab.random.randint(2_000, 3_000)
    lines = state["customers"].splitlines(keepends=True)
    changes: dict[str, tuple[dict[str, Any], int, str, list[str]]] = {
        "features.bands": ({"features": {"bands": state["bands"]}}, 0, "", ["features"]),
        "prepare.min_tenure": ({"prepare": {"min_tenure": longer}}, 0, "", ["prepare", "features"]),
        "report.title, which no script reads": ({"report": {"title": f"Report {fewer}"}}, 0, "", []),
        "the customers": ({}, fewer, "", ["prepare", "features"]),
        "src/features.py": ({}, 0, "src/features.py", ["features"]),
    }

    def problem(name: str) -> str:
        given, rows, script, wanted = changes[name]
        state.update(given.get("prepare", {}) | ({"customers": b"".join(lines[: rows + 1])} if rows else {}))
        found: dict[str, Any] = lab.examine("reproduce", given, rows, script)
        if found["started"] != wanted:
            started, right = (", ".join(names) or "nothing" for names in (found["started"], wanted))
            return f"{name}: started {started}, not {right} {found['problem']}".rstrip()
        outputs = results(**state)
        wrong = [path for path in OUTPUTS if found["outputs"][path] != outputs[path]]
        return f"{name}: {wrong[0]} is not what the scripts make of it" if wrong else ""

    lab.each("changes", list(changes), problem, "exactly the stages that depend on it start")


def findings(lab: Lab, rows: Rows) -> dict[str, str]:
    """What `validate` says of the batch."""
    return lab.call("validate", Csv(csv_text(rows)), returns=dict[str, str])


def shown(found: dict[str, str]) -> str:
    """Findings in one line."""
    named = [f"{column} ({text[:40]})" for column, text in found.items()]
    return f"found {', '.join(named[:3])}{' …' if len(named) > 3 else ''}" if named else "found nothing"


@check("clean-batches")
def clean_batches_pass(lab: Lab) -> None:
    """`validate` finds nothing in clean batches of customers it has never seen, whatever their order and number; the same
    batch without a column is no longer clean."""

    def problem(name: str) -> str:
        rows = CLEAN[name](lab, batch(lab))
        found = findings(lab, rows)
        if found:
            return f"{name}: {shown(found)}"
        column = lab.random.choice(list(rows[0]))
        still = column not in findings(lab, renamed(column, "")(lab, rows))
        return f"{name}: clean, and still clean without its column {column}" if still else ""

    lab.each("clean batches", list(CLEAN), problem, "{}, and a finding once a column is taken away")


@check("faults")
def every_fault_is_found_where_it_is(lab: Lab) -> None:
    """`validate` names exactly the columns at fault in batches with faults that we planted, and none in their clean twins
    of the same size."""

    def problem(name: str) -> str:
        plant, wanted = FAULTS[name]
        clean = batch(lab)
        sick = plant(lab, [dict(row) for row in clean])
        found = {rows is sick: findings(lab, rows) for rows in lab.random.sample([clean, sick], 2)}
        if set(found[True]) != wanted:
            return f"{name}: {shown(found[True])}, not {', '.join(sorted(wanted))}"
        return f"{name}: its clean twin has findings, too: {shown(found[False])}" if found[False] else ""

    lab.each("faults", list(FAULTS), problem, "exactly the columns at fault")


@check("quarantine")
def good_rows_go_on_and_bad_ones_stay(lab: Lab) -> None:
    """`quarantine` puts every row of a batch on its side, with values as they came and the reason where it is bad; a batch
    that lacks a column is refused."""

    def problem(name: str) -> str:
        if name not in PARTED:
            lab.refuses("quarantine", Csv(csv_text(renamed("tenure", "")(lab, batch(lab)))), error="ValueError")
            return ""
        rows, faults = spoiled(lab, name)
        sides = lab.call("quarantine", Csv(csv_text(rows)), returns=list[list[dict[str, Any]]])
        found = misplaced(rows, faults, *sides) if len(sides) == 2 else f"gave {len(sides)} things, not good and bad"
        return found and f"{name}: {found}"

    lab.each("batches", [*PARTED, "no column tenure"], problem, "each row on its side, unchanged, bad ones with the reason")


@check("lineage")
def a_number_leads_to_its_rows(lab: Lab) -> None:
    """`lineage` tells for `run-1` and for `run-2` the churn rate, the parameters, and the object in S3 that holds the very
    rows."""
    customers = exports(lab)["v2"]

    def problem(tag: str) -> str:
        found = lab.call("lineage", tag, returns=dict[str, Any])
        wanted = {
            "churn_rate": churn_rate(kept(customers, 1)),
            "bands": BANDS[tag],
            "min_tenure": 1,
            "data_md5": md5(customers),
        }
        wrong = [name for name in wanted if found.get(name) != wanted[name]]
        if wrong:
            return f"{tag}: {wrong[0]} is {found.get(wrong[0])!r}, not {wanted[wrong[0]]!r}"
        place, own = str(found.get("object")), f"s3://{lab.run.parameters['bucket']}/"
        held = stored(lab, place.removeprefix(own)) if place.startswith(own) else None
        return "" if held == customers else f"{tag}: {place[:120]} doesn't hold the rows"

    lab.each("runs", list(BANDS), problem, "rate, parameters and rows as they were")
