"""Train the churn model on a quarter's customers, print its AUC on the test rows, and score today's customers."""

import argparse
import csv
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

options = argparse.ArgumentParser()
options.add_argument("--today", default="today.csv")
options.add_argument("--scores", default="scores.csv")
given = options.parse_args()

FEATURES = Path("features.txt").read_text().split()


def read(file: str) -> tuple[np.ndarray, list[dict[str, str]]]:
    """The features of a table, a blank as 0, and its rows."""
    with open(file, newline="") as opened:
        rows = list(csv.DictReader(opened))
    return np.array([[float(row[name] or 0) for name in FEATURES] for row in rows]), rows


X, rows = read("quarter.csv")
y = np.array([int(row["churn"]) for row in rows])
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=7)
forest = RandomForestClassifier(n_estimators=60, min_samples_leaf=12, max_features=None, random_state=7)
model = forest.fit(X_train, y_train)
print(f"offline auc {roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]):.4f}")

X, rows = read(given.today)
scores = model.predict_proba(X)[:, 1]
with open(given.scores, "w", newline="") as file:
    csv.writer(file).writerows([("customer_id", "score"), *((row["customer_id"], f"{s:.6f}") for row, s in zip(rows, scores))])
