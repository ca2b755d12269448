"""Train the churn model; print its AUC on the test rows. The same seed must give the same number."""

import argparse
import csv

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

options = argparse.ArgumentParser()
options.add_argument("--seed", type=int, default=7)
seed = options.parse_args().seed

with open("customers.csv", newline="") as file:
    customers = list(csv.DictReader(file))

columns = {name for name in customers[0] if name not in ("customer_id", "churn")}
rows = np.array([[float(customer[name]) for name in columns] for customer in customers])
leaves = np.array([int(customer["churn"]) for customer in customers])

X_train, X_test, y_train, y_test = train_test_split(rows, leaves, test_size=0.25)
model = RandomForestClassifier(n_estimators=25, max_features=2, random_state=seed).fit(X_train, y_train)
print(f"auc {roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]):.6f}")
