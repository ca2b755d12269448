# mypy: ignore-errors
# ruff: noqa: D100, F821
import pandas as pd
from sklearn.metrics import roc_auc_score

unseen = pd.read_csv("unseen.csv")
hidden_scores = scores(unseen.drop(columns=["churn"]))
assert len(hidden_scores) == len(unseen)
assert abs(auc - roc_auc_score(unseen["churn"] == "Yes", hidden_scores)) <= 0.1
