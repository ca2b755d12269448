"""The Monday report: the AUC of the scores of four weeks ago, now that we know who left."""

import csv
import sys

from sklearn.metrics import roc_auc_score

with open("scores.csv", newline="") as file:
    scores = {row["customer_id"]: float(row["score"]) for row in csv.DictReader(file)}
with open("outcomes.csv", newline="") as file:
    left = {row["customer_id"]: int(row["churn"]) for row in csv.DictReader(file)}

auc = roc_auc_score([left[name] for name in left], [scores[name] for name in left])
print(f"live auc {auc:.4f}")
if auc < 0.75:
    sys.exit("ALERT: the live AUC is below 0.75")
