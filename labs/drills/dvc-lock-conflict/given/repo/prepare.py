"""Keep the customers who have been with us for long enough to judge."""

import csv

import yaml

least = yaml.safe_load(open("params.yaml"))["prepare"]["min_tenure"]
with open("customers.csv", newline="") as source, open("prepared.csv", "w", newline="") as target:
    rows = csv.DictReader(source)
    out = csv.DictWriter(target, rows.fieldnames, lineterminator="\n")
    out.writeheader()
    out.writerows(row for row in rows if int(row["tenure"]) >= least)
