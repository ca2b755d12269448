import csv
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any, NotRequired

from typing_extensions import TypedDict

from grader.checks import Lab, check
from grader.course.data import csv_text
from grader.run.questions import Csv

CUSTOMERS, PREPARED, FEATURES = "data/customers.csv", "data/prepared.csv", "data/features.csv"
Row = dict[str, str]


class Reproduced(TypedDict):
    """How `dvc repro` ended, the stages that it started, and what they left by path."""

    code: int
    said: str
    started: list[str]
    outputs: dict[str, str]


class Pushed(TypedDict):
    """How `dvc push` ended."""

    code: int
    said: str


class Cloned(TypedDict):
    """How `dvc repro` ended in a clone; where it succeeded, what the lock says then, and the push."""

    code: int
    said: str
    locked: NotRequired[dict[str, str]]
    pushed: NotRequired[Pushed]


def md5(content: bytes) -> str:
    """The name under which DVC stores this content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def notes(lab: Lab) -> dict[str, Any]:
    """What the last commit says of its data: the note of the customers, the default remote, the lock."""
    if "notes" not in lab.run.answers:
        lab.run.answers["notes"] = lab.examine("dvc_notes")
    found: dict[str, Any] = lab.run.answers["notes"]
    if found["problem"]:
        lab.fail("notes of DVC in the last commit, each as DVC writes it", found["problem"])
    return found


def clone(lab: Lab) -> tuple[dict[str, str], Pushed]:
    """What the lock says after `dvc repro` in a fresh clone with the course's customers, and `dvc push` after it; done once."""
    notes(lab)
    if "clone" not in lab.run.answers:
        bucket = f"s3://{lab.run.parameters['bucket']}/dvc"
        lab.run.answers["clone"] = lab.try_out("dvc_clone", bucket, returns=Cloned)
    found: Cloned = lab.run.answers["clone"]
    if found["code"] != 0 or "locked" not in found or "pushed" not in found:
        lab.fail("`dvc repro` succeeds in a fresh clone with the customers in place", found["said"])
    return found["locked"], found["pushed"]


def wanted(rows: list[Row], min_tenure: int, features: dict[str, list[str]]) -> dict[str, list[Row]]:
    """What the two stages make of these customers."""
    kept = [row | {"total_charges": row["total_charges"] or "0"} for row in rows if int(row["tenure"]) >= min_tenure]
    columns = ["customer_id", *features["numbers"], *features["texts"], "churn"]
    return {PREPARED: kept, FEATURES: [{name: row[name] for name in columns} for row in kept]}


def difference(path: str, text: str, rows: list[Row]) -> str:
    """How a CSV file differs from these rows, numbers compared as numbers; empty when it doesn't."""
    try:
        found = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        return f"{path} is no CSV: {error}"
    if len(found) != len(rows):
        return f"{path} has {len(found)} rows, not {len(rows)}"
    if found and list(found[0]) != list(rows[0]):
        return f"{path} has the columns {', '.join(found[0])}, not {', '.join(rows[0])}"
    for number, (one, other) in enumerate(zip(found, rows, strict=True), 1):
        wrong = [name for name in other if not alike(one[name], other[name])]
        if wrong:
            return f"{path}, row {number}: {wrong[0]} is {one[wrong[0]]!r}, not {other[wrong[0]]!r}"
    return ""


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same, or the same number."""
    try:
        return one == other or abs(float(one) - float(other)) < 1e-9
    except (TypeError, ValueError):
        return False


def drawn(lab: Lab, count: int) -> list[Row]:
    """Customers that no learner's file holds, one of them new and without a bill."""
    unseen = lab.unseen("telco-churn", rows=count, label="churn")
    table = csv.DictReader(io.StringIO(unseen.table.text))
    rows = [{"customer_id": row["customer_id"], "churn": left} | row for row, left in zip(table, unseen.labels, strict=True)]
    rows[0].update(tenure="0", total_charges="")
    return rows


@check("versioned")
def the_notes_name_the_rows(lab: Lab) -> None:
    """Git holds the customers' hash, stages, and a lock that is true: run again in a fresh clone, the stages make what the lock
    says. The default remote is in S3, and no key stands beside it."""
    found, rows = notes(lab), lab.run.files[CUSTOMERS]
    lab.expect(f"MD5 in {CUSTOMERS}.dvc", found["pointer"]).equals(md5(rows), why="the customers that came with the template")
    lab.expect("default remote", bool(re.fullmatch(r"s3://[\w./-]+", found["remote"])), found["remote"] or "none").is_true(
        "s3://…"
    )
    keys = [name for name in found["remote_keys"] if name not in ("url", "endpointurl", "region", "profile")]
    lab.expect("what else the remote's configuration in git says", keys).equals([], why="a key comes from whoever uses it")
    lab.expect("outputs in dvc.lock", sorted(found["locked"])).equals([FEATURES, PREPARED])
    again, _ = clone(lab)
    lab.expect("MD5s in dvc.lock", found["locked"]).equals(again, why="what the stages made of the same rows in a fresh clone")


@check("right-stage")
def exactly_the_right_stage_runs(lab: Lab) -> None:
    """When we change a parameter or the customers, exactly the stages that depend on it run, and they write what they must."""
    clone(lab)
    params = lab.examine("dvc_params", returns=dict[str, Any])
    features: dict[str, list[str]] = params["features"]
    rows, some = drawn(lab, 300), min(4, len(features["texts"]))
    unknown = sorted({*features["numbers"], *features["texts"]} - set(rows[0]))
    lab.expect("features in params.yaml that no customer has", unknown).equals([])
    fewer = {"numbers": [n for n in features["numbers"] if n != "partner"], "texts": lab.random.sample(features["texts"], some)}
    if fewer == features:  # there were few anyway: a change it must be
        fewer["numbers"] = fewer["numbers"][:-1]
    state: dict[str, Any] = {"rows": rows, "min_tenure": params["prepare"]["min_tenure"], "features": features}
    changes: dict[str, tuple[dict[str, Any], list[str]]] = {
        "the customers": ({}, ["prepare", "features"]),
        "C, which no stage reads": ({"C": 0.37}, []),
        "features": ({"features": fewer}, ["features"]),
        "prepare.min_tenure": ({"prepare": {"min_tenure": lab.random.randint(3, 12)}}, ["prepare", "features"]),
    }

    def problem(name: str) -> str:
        given, right = changes[name]
        state.update(given.get("prepare", {}), features=given.get("features", state["features"]))
        table = Csv(csv_text(state["rows"])) if name == "the customers" else None
        found = lab.try_out("dvc_repro", given, table, returns=Reproduced)
        if found["code"] != 0:
            return f"{name}: dvc repro failed: {found['said'][-200:]}"
        if found["started"] != right:
            return f"{name}: started {', '.join(found['started']) or 'nothing'}, not {', '.join(right) or 'nothing'}"
        made = wanted(**state)
        wrong = [text for path in made if (text := difference(path, found["outputs"].get(path, ""), made[path]))]
        return f"{name}: {wrong[0]}" if wrong else ""

    lab.each("changes", list(changes), problem, "exactly the stages that depend on it start, and write what they must")


@check("in-the-store")
def what_was_made_can_be_fetched(lab: Lab) -> None:
    """`dvc push` puts the customers and the features into the bucket, byte for byte."""
    locked, pushed = clone(lab)
    if pushed["code"] != 0:
        lab.fail("`dvc push` succeeds", pushed["said"])

    def problem(path: str) -> str:
        name = md5(lab.run.files[CUSTOMERS]) if path == CUSTOMERS else locked.get(path, "")
        key = f"dvc/files/md5/{name[:2]}/{name[2:]}"
        try:
            return "" if md5(lab.s3.get(key, 4 * 2**20)) == name else f"{path}: {key} holds other bytes"
        except (KeyError, ValueError):
            return f"{path}: the bucket holds no {key}"

    lab.each("files", [CUSTOMERS, FEATURES], problem, "the file's bytes in S3, read with the grader's own key")


Plant = Callable[[Lab, list[Row]], list[Row]]


def one(column: str, value: str) -> Plant:
    """A fault in one cell of a customer who has been billed."""

    def plant(lab: Lab, rows: list[Row]) -> list[Row]:
        lab.random.choice([row for row in rows if int(row["tenure"]) > 0])[column] = value
        return rows

    return plant


CLEAN: dict[str, Plant] = {
    "as it comes": lambda _, rows: rows,
    "columns and rows in another order": lambda lab, rows: [
        dict(lab.random.sample(sorted(row.items()), len(row))) for row in lab.random.sample(rows, len(rows))
    ],
    "charges at the ends of their range": lambda _, rows: [
        row | {"monthly_charges": "10" if float(row["monthly_charges"]) < 60 else "200"} for row in rows
    ],
}
FAULTS: dict[str, tuple[Plant, set[str]]] = {
    "the contract 'Two-year'": (one("contract", "Two-year"), {"contract"}),
    "a blank payment method": (one("payment_method", ""), {"payment_method"}),
    "charges in cents": (
        lambda _, rows: [row | {"monthly_charges": f"{float(row['monthly_charges']) * 100:.0f}"} for row in rows],
        {"monthly_charges"},
    ),
    "a tenure of 12.5": (one("tenure", "12.5"), {"tenure"}),
    "a negative tenure": (one("tenure", "-1"), {"tenure"}),
    "a customer who is there twice": (lambda lab, rows: [*rows, dict(lab.random.choice(rows))], {"customer_id"}),
    "no column tech_support": (
        lambda _, rows: [{k: v for k, v in row.items() if k != "tech_support"} for row in rows], {"tech_support"},
    ),
    "an unknown column": (lambda _, rows: [row | {"loyalty_points": "7"} for row in rows], {"loyalty_points"}),
    "a blank charge of an old customer": (one("total_charges", ""), {"total_charges"}),
}  # fmt: skip


def findings(lab: Lab, rows: list[Row]) -> set[str]:
    """The columns that `validate` finds at fault."""
    names = sorted(rows[0])
    same = [{name: row[name] for name in names} for row in rows] if any(list(row) != list(rows[0]) for row in rows) else rows
    return set(lab.call("validated", Csv(csv_text(same)), returns=dict[str, str]))


@check("contract")
def each_fault_is_found_on_its_column(lab: Lab) -> None:
    """`validate` finds nothing in clean batches, and in a dirty one exactly the column that is at fault."""
    for name, plant in CLEAN.items():
        found = findings(lab, plant(lab, drawn(lab, lab.random.randint(30, 60))))
        lab.expect("faults in a clean batch", sorted(found), name).equals([])

    def problem(name: str) -> str:
        plant, columns = FAULTS[name]
        found = findings(lab, plant(lab, drawn(lab, lab.random.randint(30, 60))))
        return "" if found == columns else f"{name}: found {', '.join(sorted(found)) or 'nothing'}"

    lab.each("faults", list(FAULTS), problem, "the column at fault, and no other")


@check("gate")
def a_dirty_batch_stops_the_pipeline(lab: Lab) -> None:
    """With a batch that breaks the contract `dvc repro` fails in the first stage, and says which column it is; the stage
    after it doesn't run."""
    clone(lab)
    column, value = lab.random.choice([("contract", "Weekly"), ("tenure", "-3"), ("payment_method", "Cash")])
    rows = one(column, value)(lab, drawn(lab, 120))
    found = lab.try_out("dvc_repro", {}, Csv(csv_text(rows)), returns=Reproduced)
    if found["code"] == 0:
        lab.fail("`dvc repro` fails", f"it succeeds with {column} {value!r}, and features.csv is made of it")
    lab.expect("stages that were started", found["started"]).equals(["prepare"])
    lab.expect("what it says", column in found["said"], found["said"][-200:]).is_true(f"the column {column} is named")
