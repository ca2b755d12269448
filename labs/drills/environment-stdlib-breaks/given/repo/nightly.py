"""Features of last night's calls: one row a call."""

import csv
import json

import features

with open("calls.csv", newline="") as file:
    rows = [features.of(row["day"]) for row in csv.DictReader(file)]

with open("features.json", "w") as file:
    json.dump(rows, file)

print(f"{len(rows)} calls, {sum(row['holiday'] for row in rows)} on a holiday, {sum(row['weekend'] for row in rows)} on a weekend")
