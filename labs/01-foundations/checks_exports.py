"""The grader's own exports: customers that no learner's file holds, most of them in two months."""

import csv
import io
from collections.abc import Sequence

from grader.checks import Lab
from grader.course.data import csv_text
from grader.run.questions import Csv

Row = dict[str, str]
MARCH, APRIL = "2026-03", "2026-04"


def exports(lab: Lab, customers: int, noise: float = 0.0) -> list[Row]:
    """March's export and April's below it, in a drawn order. `last_month_gb` says who left, but for a share `noise`."""
    drawn = lab.unseen("telco-churn", rows=customers, label="churn")
    known = csv.DictReader(io.StringIO(drawn.table.text))
    march = [row | {"churn": left} for row, left in zip(known, drawn.labels, strict=True)]
    rows = [exported(lab, row, MARCH, noise) for row in march]
    rows += [exported(lab, a_month_later(row), APRIL, noise) for row in lab.random.sample(march, customers * 6 // 10)]
    lab.random.shuffle(rows)
    return rows


def a_month_later(row: Row) -> Row:
    """The customer with one more bill."""
    total = float(row["total_charges"] or 0) + float(row["monthly_charges"])
    return row | {"tenure": str(int(row["tenure"]) + 1), "total_charges": f"{total:.2f}"}


def exported(lab: Lab, row: Row, month: str, noise: float) -> Row:
    """The row with the columns that are written after the customer left."""
    gone = (row["churn"] == "Yes") != (lab.random.random() < noise)
    refund = row["churn"] == "Yes" and lab.random.random() < 0.3
    used = 0.0 if gone else lab.random.uniform(5, 60)
    refunded = lab.random.uniform(5, 60) if refund else 0.0
    return row | {"export": month, "last_month_gb": f"{used:.1f}", "refund_eur": f"{refunded:.2f}"}


def table(rows: Sequence[Row]) -> Csv:
    """The rows as the DataFrame that a function gets."""
    return Csv(csv_text(rows))


def key(row: Row) -> tuple[int, str]:
    """Which row it is."""
    return int(row["customer_id"]), row["export"]


def prices(lab: Lab) -> dict[str, int]:
    """Prices with a threshold that isn't the configuration's."""
    return {"missed": lab.random.choice([40, 55, 90]), "wasted": lab.random.choice([10, 20, 60])}
