"""Score today's customers, and compare with what the model gave on them when it was trained."""

import csv
import json
import math
import sys

import churn_features

model = json.load(open("model.json"))
scores = []
for row in csv.DictReader(open("customers.csv")):
    z = model["intercept"] + model["tenure"] * churn_features.tenure(int(row["tenure"]))
    scores.append(1 / (1 + math.exp(-z - model["monthly"] * float(row["monthly_charges"]))))

mean, expected = sum(scores) / len(scores), model["mean_score"]
json.dump(scores, open("scores.json", "w"))
print(f"churn_features {churn_features.__version__}: mean score {mean:.3f}, at training {expected:.3f}")
if abs(mean - expected) > 0.02:
    sys.exit("SKEW: the scores of the same customers differ from those at training")
