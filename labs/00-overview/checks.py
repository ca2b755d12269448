import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from grader.checks import Lab, Run, StagedRun, check
from grader.checks.expect import is_number
from grader.course.data import csv_text
from grader.run.questions import Csv

FILE = "churn_by_contract.json"
NEW_CONTRACTS = ["Week-to-week", "Five year", "Family", "Student"]
Customer = dict[str, str]


def customers(lab: Lab, rows: int) -> list[Customer]:
    """Customers that no learner's file holds, as the texts of the CSV file, `churn` included."""
    drawn = lab.unseen("telco-churn", rows=rows, label="churn")
    table = csv.DictReader(io.StringIO(drawn.table.text))
    return [row | {"churn": left} for row, left in zip(table, drawn.labels, strict=True)]


def table(rows: Sequence[Customer]) -> Csv:
    """The rows as the DataFrame that a function of the student gets."""
    return Csv(csv_text(rows))


def billing(lab: Lab) -> tuple[list[Customer], list[str], str]:
    """A table with newcomers who were never billed, one fault of another kind in each of two customers who were;
    also the newcomers' ids and the id of the customer whose charge got lost."""
    rows = customers(lab, rows=60)
    *newcomers, lost, unpaid = lab.random.sample(rows, 8)
    for row in newcomers:
        row.update(tenure="0", total_charges="")
    lost.update(tenure=str(lab.random.randint(20, 70)), total_charges="")
    unpaid.update(tenure=str(lab.random.randint(20, 70)), total_charges="1234.5", payment_method="")
    return rows, [row["customer_id"] for row in rows if row["tenure"] == "0"], lost["customer_id"]


def cleaned(lab: Lab, rows: Sequence[Customer]) -> dict[str, dict[str, Any]]:
    """What `clean` makes of the rows, by customer."""
    answer: Any = lab.call("clean", table(rows))
    if not (isinstance(answer, list) and all(isinstance(row, dict) and "customer_id" in row for row in answer)):
        step = "Does every way through `clean` end with `return` and the whole table?"
        lab.fail("clean gives a table of customers (a DataFrame)", f"{answer!r}"[:80], step)
    found = {str(row["customer_id"]).removesuffix(".0"): row for row in answer}
    lab.expect("rows that stand there twice", len(answer) - len(found), f"{len(answer)} rows").equals(0)
    return found


def cell(value: object) -> float | str:
    """A cell's number, or its text; "" for a blank."""
    try:
        number = float(str(value))
    except ValueError:
        return "" if value is None else str(value)
    return "" if math.isnan(number) else number


@check("newcomers-owe-nothing")
def newcomers_owe_nothing(lab: Lab) -> None:
    """A blank total charge becomes 0 for every customer who was never billed, whoever it is."""
    rows, newcomers, _ = billing(lab)
    found = cleaned(lab, rows)

    def problem(customer: str) -> str:
        if customer not in found:
            return f"customer {customer} is missing"
        charge = cell(found[customer].get("total_charges"))
        return "" if charge == 0 else f"customer {customer}, tenure 0, has the charge {charge or 'blank'}"

    lab.each("newcomers", newcomers, problem, "total_charges is 0")


@check("nothing-else-changes")
def nothing_else_changes(lab: Lab) -> None:
    """`clean` keeps every customer, every other value, and the blank of a customer who was billed before: that one is a
    fault for someone to find."""
    rows, newcomers, lost = billing(lab)
    found = cleaned(lab, rows)
    gone = [row["customer_id"] for row in rows if row["customer_id"] not in found]
    if gone:
        lab.fail(f"all {len(rows)} customers", f"{len(gone)} are gone: {', '.join(gone[:8])}")
    if all(cell(found[customer].get("total_charges")) == "" for customer in newcomers):
        lab.fail("the same table, in which newcomers owe 0", "clean did nothing: their charges are still blank")

    def values() -> str:
        for row in rows:
            charge = {"total_charges"} if row["customer_id"] in (*newcomers, lost) else set()
            for column in row.keys() - charge:
                now = found[row["customer_id"]].get(column)
                if cell(now) != cell(row[column]):
                    return f"{column} of customer {row['customer_id']} was {row[column] or 'blank'}, is {now}"
        return ""

    def fault() -> str:
        now = found[lost].get("total_charges")
        return "" if cell(now) == "" else f"the blank charge of customer {lost}, who was billed before, is now {now}"

    lab.each("demands", [values, fault], lambda demand: demand(), "as it came, but for the newcomers' charges")


def share_that_left(rows: Sequence[Customer]) -> float:
    """Between 0 and 1."""
    return sum(row["churn"] == "Yes" for row in rows) / len(rows)


def rates_of(rows: Sequence[Customer]) -> dict[str, float]:
    """The share that left, by contract."""
    names = sorted({row["contract"] for row in rows})
    return {name: share_that_left([row for row in rows if row["contract"] == name]) for name in names}


def compare(lab: Lab, found: dict[str, Any], rows: Sequence[Customer], where: str) -> None:
    """Every contract's rate must be as we compute it from the same rows: one that is right by chance earns nothing."""
    wanted = rates_of(rows)
    wrong = [name for name, rate in wanted.items() if not (is_number(found.get(name)) and abs(found[name] - rate) <= 1e-6)]
    if wrong:
        rounded = all(found.get(name) in [round(wanted[name], digits) for digits in range(1, 6)] for name in wrong)
        lab.fail(
            "the share of each contract's own customers who left: " + ", ".join(f"{n} {wanted[n]:.6f}" for n in wrong),
            ", ".join(f"{name} {found.get(name, 'missing')}" for name in wrong) + f"{', rounded' * rounded}  ({where})",
        )


@check("rates")
def the_rate_of_each_contract(lab: Lab) -> None:
    """For customers that your file does not hold, `churn_rate` gives the share of each contract's customers who left."""
    rows = customers(lab, rows=400)
    compare(lab, lab.call("churn_rate", table(rows), returns=dict[str, float]), rows, "churn_rate of 400 customers")


@check("every-contract")
def a_contract_that_nobody_left(lab: Lab) -> None:
    """A contract that is new to you, and that nobody has left yet, is among the rates with 0."""
    rows, name = customers(lab, rows=200), lab.random.choice(NEW_CONTRACTS)
    for row in lab.random.sample(rows, 9):
        row.update(contract=name, churn="No")
    found = lab.call("churn_rate", table(rows), returns=dict[str, float])
    lab.expect(f"rate of {name!r}", found.get(name, "missing"), "9 customers, none left").equals(0.0)


def published(lab: Lab, rows: Sequence[Customer]) -> Run:
    """The run that `publish` makes of these rows, as the server has it."""
    return lab.mlflow.run(lab.call("publish", table(rows), returns=str))


@check("metric")
def the_metric_is_the_share_of_all(lab: Lab) -> None:
    """The metric `churn_rate` of a run made by `publish` is the share of all its customers who left."""
    rows = customers(lab, rows=300)
    run = published(lab, rows)
    found, rates = run.metrics.get("churn_rate"), rates_of(rows).values()
    note = f"run {run.id}"
    if found is None and "churn_rate" in run.params:
        note += ", which has a parameter of that name"
    if found is not None and abs(found - sum(rates) / len(rates)) <= 1e-6:
        note += ": that is the mean of the contracts' rates"
    lab.expect("metric churn_rate", found, note).close_to(
        share_that_left(rows), within=1e-6, why="recomputed from the 300 customers that publish was given"
    )


def stored_rates(lab: Lab, run: Run) -> dict[str, Any]:
    """The run's JSON file as it lies in the bucket."""
    key = f"{run.artifact_uri.removeprefix(f's3://{lab.s3.namespace}/')}/{FILE}"
    try:
        content = json.loads(lab.s3.get(key, cap=64 * 1024))
    except KeyError:
        lab.fail(f"{FILE} among the files of run {run.id}", f"no {FILE} in the bucket at {key}")
    except (ValueError, RecursionError) as error:
        lab.fail(f"{FILE} holds JSON", f"not JSON: {error}")
    if not isinstance(content, dict):
        lab.fail(f"{FILE} holds a rate for each contract", f"{content!r}"[:80])
    return content


@check("file")
def the_file_is_in_the_bucket(lab: Lab) -> None:
    """A run made by `publish` has churn_by_contract.json in the S3 bucket, with the rates of its own customers."""
    rows = customers(lab, rows=300)
    run = published(lab, rows)
    compare(lab, stored_rates(lab, run), rows, f"{FILE} of run {run.id}")


@check("own-run")
def each_publication_is_a_run(lab: Lab) -> None:
    """Each call of `publish` leaves a run of its own, and the run has ended: FINISHED."""
    runs = [published(lab, customers(lab, rows=100)) for _ in range(2)]
    lab.expect("runs after two publications", len({run.id for run in runs}), runs[0].id).equals(2)
    lab.expect("their status", [run.status for run in runs]).equals(["FINISHED", "FINISHED"])


@check("read-back")
def what_was_written_can_be_read(lab: Lab) -> None:
    """From a run's id alone, `read_rate` gives the metric of a run that we made, and `read_file` the file of an earlier
    publication after a later one."""

    def rate() -> str:
        drawn = round(lab.random.uniform(0.05, 0.95), 4)
        foreign = lab.mlflow.runs(lab.mlflow.stage([StagedRun(name="before-you", metrics={"churn_rate": drawn})]))[0].id
        found = lab.call("read_rate", foreign, returns=float)
        return "" if abs(found - drawn) <= 1e-9 else f"read_rate gave {found:.4g}, run {foreign} holds {drawn}"

    def file() -> str:
        earlier, _ = (published(lab, customers(lab, rows=200)) for _ in range(2))
        wanted, found = stored_rates(lab, earlier), lab.call("read_file", earlier.id, returns=dict[str, Any])
        return "" if found == wanted else f"read_file gave {found}, the file of run {earlier.id} holds {wanted}"

    lab.each("readings", [rate, file], lambda reading: reading(), "what the server holds for the id that was given")
