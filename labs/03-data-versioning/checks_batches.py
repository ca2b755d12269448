"""Batches for the contract: customers whom no learner's file holds, in varying numbers, and the faults planted in them."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

from grader.checks import Lab

Rows = list[dict[str, str]]
Plant = Callable[[Lab, Rows], Rows]


def csv_text(rows: Rows) -> str:
    """Rows as the CSV text that both scripts write."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def batch(lab: Lab) -> Rows:
    """A clean batch of seeded size; one of its customers, at least, has tenure 0 and no charges yet."""
    drawn = lab.unseen("telco-churn", rows=lab.random.randint(30, 90), label="churn")
    table = csv.DictReader(io.StringIO(drawn.table.text))
    rows: Rows = [{"customer_id": "", "churn": label, **row} for row, label in zip(table, drawn.labels, strict=True)]
    rows[lab.random.randrange(len(rows))].update(tenure="0", total_charges="")
    return rows


def one(column: str, value: Callable[[str], str]) -> Plant:
    """A fault in one cell of a customer who has been billed."""

    def plant(lab: Lab, rows: Rows) -> Rows:
        row = lab.random.choice([row for row in rows if int(row["tenure"]) > 0])
        row[column] = value(row[column])
        return rows

    return plant


def everywhere(column: str, value: Callable[[str], str]) -> Plant:
    """A fault, or another way to write the same, in a whole column."""
    return lambda _, rows: [row | {column: value(row[column])} for row in rows]


def renamed(old: str, new: str) -> Plant:
    """A column under another name; without a new name the column is gone."""
    names = {old: new}
    return lambda _, rows: [{name: row[key] for key in row if (name := names.get(key, key))} for row in rows]


def twin(lab: Lab, rows: Rows) -> Rows:
    """A customer who is there twice, with different charges, in the place of another one."""
    return [*rows[:-1], lab.random.choice(rows[:-1]) | {"monthly_charges": "20.5"}]


def reordered(lab: Lab, rows: Rows) -> Rows:
    """The same customers, columns and rows in another order."""
    names = lab.random.sample(list(rows[0]), len(rows[0]))
    return [{name: row[name] for name in names} for row in lab.random.sample(rows, len(rows))]


CLEAN: dict[str, Plant] = {
    "as it comes": lambda _, rows: rows,
    "columns and rows in another order": reordered,
    "tenure written as 12.0": everywhere("tenure", lambda text: f"{text}.0"),
    "a single customer": lambda lab, rows: [lab.random.choice([row for row in rows if row["total_charges"]])],
    "charges at the ends of their range": everywhere("monthly_charges", lambda text: "10" if float(text) < 60 else "200"),
}
FAULTS: dict[str, tuple[Plant, set[str]]] = {
    "a blank contract": (one("contract", lambda _: ""), {"contract"}),
    "the contract 'Two-year'": (one("contract", lambda _: "Two-year"), {"contract"}),
    "a payment method in lower case": (one("payment_method", str.lower), {"payment_method"}),
    "charges in cents": (everywhere("monthly_charges", lambda text: f"{float(text) * 100:.0f}"), {"monthly_charges"}),
    "a negative tenure": (one("tenure", lambda _: "-1"), {"tenure"}),
    "a tenure of 12.5": (one("tenure", lambda _: "12.5"), {"tenure"}),
    "the tenure '12 months'": (one("tenure", lambda text: f"{text} months"), {"tenure"}),
    "a customer who is there twice": (twin, {"customer_id"}),
    "no column tech_support": (renamed("tech_support", ""), {"tech_support"}),
    "an unknown column": (lambda _, rows: [row | {"loyalty_points": "7"} for row in rows], {"loyalty_points"}),
    "a renamed column": (renamed("streaming_tv", "StreamingTV"), {"streaming_tv", "StreamingTV"}),
    "a blank charge of an old customer": (one("total_charges", lambda _: ""), {"total_charges"}),
    "words in place of 1 and 0": (everywhere("senior_citizen", lambda text: ["No", "Yes"][int(text)]), {"senior_citizen"}),
    "two faults at once": (
        lambda lab, rows: one("churn", lambda _: "Maybe")(lab, one("internet_service", lambda _: "5G")(lab, rows)),
        {"churn", "internet_service"},
    ),
}


PARTED: dict[str, list[tuple[str, str, int]]] = {
    "no bad row": [],
    "three bad rows": [("contract", "Two-year", 1), ("tenure", "-3", 1), ("monthly_charges", "9999", 1)],
    "bad rows only, some with two faults": [("churn", "?", 0), ("internet_service", "5G", 3)],
    "a customer who is there twice": [("customer_id", "", 1)],
}
"""By batch: the column, the value that breaks it, and in how many rows (0: in all)."""


def spoiled(lab: Lab, name: str) -> tuple[Rows, dict[str, set[str]]]:
    """A batch with bad rows, and by customer the columns that make them bad."""
    rows, faults = batch(lab), dict[str, set[str]]()
    for column, value, count in PARTED[name]:
        billed = [row for row in rows if row["total_charges"]]
        for row in lab.random.sample(billed, count) if count else rows:
            faults.setdefault(row["customer_id"], set()).add(column)
            if column == "customer_id":
                rows.append(row | {"monthly_charges": "20.5"})
            else:
                row[column] = value
    return rows, faults


def misplaced(rows: Rows, faults: dict[str, set[str]], good: list[dict[str, Any]], bad: list[dict[str, Any]]) -> str:
    """What is wrong with how a batch was parted; empty when nothing is."""
    for side, found, wanted in (
        ("good", good, [row for row in rows if row["customer_id"] not in faults]),
        ("bad", bad, [row for row in rows if row["customer_id"] in faults]),
    ):
        if len(found) != len(wanted):
            return f"{len(found)} {side} rows, {len(wanted)} expected"
        if sorted(texts(row, rows[0]) for row in found) != sorted(texts(row, rows[0]) for row in wanted):
            return f"the {side} rows are others, or their values changed"
    for row in bad:
        unsaid = [column for column in faults[texts(row, ["customer_id"])[0]] if column not in str(row.get("reason"))]
        if unsaid:
            return f"the reason of a row whose {unsaid[0]} is at fault is {str(row.get('reason'))[:80]!r}"
    return ""


def texts(row: dict[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """A row's values as texts that are equal when the values are: 12, 12.0 and "12"; blank, None and NaN."""
    return tuple(text_of(row.get(name, "not there")) for name in names)


def text_of(value: Any) -> str:
    """One value as such a text."""
    if value is None or value != value:
        return ""
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError, OverflowError):
        return str(value)
