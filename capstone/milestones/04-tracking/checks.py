import csv
import hashlib
import io
import math
from typing import Any

from sklearn.metrics import roc_auc_score

from grader.checks import Fail, Lab, NotRun, Run, check
from grader.checks.shapes import Pair
from grader.course.data import csv_text
from grader.run.questions import Csv

Row = dict[str, str]


def customers(lab: Lab) -> list[Row]:
    """Customers that no learner's file holds: the same in every check."""
    if "customers" not in lab.run.answers:
        drawn = lab.unseen("telco-churn", rows=500, label="churn")
        known = csv.DictReader(io.StringIO(drawn.table.text))
        rows = [
            row | {"churn": left, "total_charges": row["total_charges"] or "0"}
            for row, left in zip(known, drawn.labels, strict=True)
        ]
        lab.run.answers["customers"] = rows
    found: list[Row] = lab.run.answers["customers"]
    return found


def changes(lab: Lab) -> dict[str, Any]:
    """The parameters that this submission's run is made with."""
    strength = 0.001 * lab.draw("strength", 20, 90)
    return {
        "C": strength,
        "seed": lab.draw("seed", 100, 9_999),
        "test_size": 0.4,
        "prices": {"missed": lab.draw("missed", 60, 90), "wasted": 25},
    }


def commit(lab: Lab) -> str:
    """The commit that the call is told."""
    return hashlib.sha256(f"{lab.run.seed}".encode()).hexdigest()[:40]


def tracked(lab: Lab) -> Run:
    """A run that the student's `track` makes now, once for all checks."""
    run_id = lab.once("tracked", csv_text(customers(lab)), changes(lab), commit(lab), returns=str)
    return lab.mlflow.run(run_id)


def judged(lab: Lab) -> tuple[list[Row], list[Row]]:
    """The rows that the run had to learn from, and those it had to be judged on."""
    answer = lab.once("sides", Csv(csv_text(customers(lab))), changes(lab), returns=dict[str, list[Pair]])
    by_id = {int(row["customer_id"]): row for row in customers(lab)}
    chosen = [[customer for customer, _ in answer.get(side, [])] for side in ("past", "today")]
    strange = sorted({customer for side in chosen for customer in side} - by_id.keys())
    lab.expect("customers in the split who are not in the rows", strange[:5], "your own split").equals([])
    lab.expect("sides of the split with a row", sum(map(bool, chosen)), "your own split").equals(2)
    past, today = ([by_id[customer] for customer in side] for side in chosen)
    lab.expect("leavers and others among the judged", len({row["churn"] for row in today}), "your own split").equals(2)
    return past, today


@check("recorded")
def the_run_says_what_went_in(lab: Lab) -> None:
    """The run that `track` leaves is FINISHED in your experiment, and has C, seed and test_size as it was told them."""
    run = tracked(lab)
    lab.expect("status", run.status, f"run {run.id}").equals("FINISHED")
    told = {name: str(value) for name, value in changes(lab).items() if name != "prices"}
    lab.expect("parameters", {name: run.params.get(name) for name in told}, f"run {run.id}").equals(
        told, why="what `track` was told"
    )


@check("lineage")
def the_run_says_which_rows_and_which_code(lab: Lab) -> None:
    """The run carries the SHA-256 of the very file it read and the commit that it was told."""
    run = tracked(lab)
    wanted = {"data_sha256": hashlib.sha256(csv_text(customers(lab)).encode()).hexdigest(), "git_commit": commit(lab)}

    def problem(tag: str) -> str:
        found = run.tags.get(tag)
        return "" if found == wanted[tag] else f"{tag} is {found}, this run's is {wanted[tag]}"

    lab.each("lineage tags", list(wanted), problem, "the tag as it is for this run's own file and commit")


@check("honest-metrics")
def the_metrics_are_the_models_own(lab: Lab) -> None:
    """The AUC and the cost in the run are what its own model gives on the rows to be judged on, and the model learned from the
    others alone."""
    run, (past, today) = tracked(lab), judged(lab)
    if not run.model_uri:
        lab.fail("a logged model in the run", f"run {run.id} has none")
    scores = lab.try_out("scores_of_model", run.model_uri, Csv(csv_text(today)), returns=list[float])
    if len(scores) != len(today) or not all(map(math.isfinite, scores)):
        lab.fail("a probability for each judged row from the logged model", f"{len(scores)} scores for {len(today)} rows")
    again = lab.call("scores_after", Csv(csv_text(past)), Csv(csv_text(today)), changes(lab), returns=list[float])
    lab.expect("number of scores of `train` on the same rows", len(again)).equals(len(scores))
    gap = max(abs(a - b) for a, b in zip(scores, again, strict=True))
    lab.expect("largest difference of a score", gap, "the logged model, and `train` on the rows to be learned from").close_to(
        0.0, within=1e-6, why="it learned from these rows alone",
        next_step="Which rows does `train` get? It has learned from others than `split` gives it.",
    )  # fmt: skip
    left, prices = [row["churn"] == "Yes" for row in today], changes(lab)["prices"]
    threshold = prices["wasted"] / (prices["wasted"] + prices["missed"])
    cost = sum(
        prices["missed"] if gone else prices["wasted"] for gone, s in zip(left, scores, strict=True) if gone != (s > threshold)
    )
    wanted = {"auc": float(roc_auc_score(left, scores)), "cost": cost / len(today)}

    def problem(name: str) -> str:
        logged = run.metrics.get(name, math.nan)
        return (
            "" if abs(logged - wanted[name]) <= 1e-6 else f"{name} {logged:.4f}, recomputed from its model: {wanted[name]:.4f}"
        )

    lab.each("metrics", list(wanted), problem, f"the metric recomputed on {len(today)} judged rows")


@check("model-in-store")
def the_model_is_in_the_object_store(lab: Lab) -> None:
    """The model's files lie in the run's S3 bucket, and its signature names the columns that it takes."""
    run = tracked(lab)
    model = lab.mlflow.model(run)
    if model is None:
        lab.fail("a logged model in the run", f"run {run.id} has none")
    prefix = model.location.split("/", 3)[3]
    files = {item.key.rpartition("/")[2]: item.size for item in lab.s3.keys(prefix)}
    lab.expect("MLmodel file", files.get("MLmodel", 0) > 0, f"{len(files)} files below {prefix}").is_true("in the bucket")
    columns = {str(column["name"]) for column in model.inputs or []}
    wanted = {"tenure", "contract", "monthly_charges"}
    lab.expect("columns in the signature", wanted <= columns, f"{len(columns)} columns").is_true("tenure, contract, charges …")
    lab.expect("label or customer in the signature", sorted(columns & {"churn", "customer_id"})).equals([])


@check("failures")
def a_failure_is_a_result(lab: Lab) -> None:
    """A training that can't work leaves a FAILED run with its parameters, and whoever called `track` gets the error."""
    impossible = -1.0 - lab.draw("impossible", 1, 8)
    tracked(lab)
    try:
        lab.call("tracked", csv_text(customers(lab)), {**changes(lab), "C": impossible}, commit(lab))
    except (Fail, NotRun) as refusal:
        said = refusal.found
    else:
        lab.fail("an error for C below 0", "no error: `track` returned")
    failed = [run for run in lab.mlflow.runs() if run.params.get("C") == str(impossible)]
    statuses = sorted({run.status for run in failed}) or [f"there is no run with C {impossible} ({said[:120]})"]
    lab.expect("status of the run that can't work", statuses).equals(["FAILED"])
    lab.expect("git_commit of the failed run", failed[0].tags.get("git_commit")).equals(commit(lab))
