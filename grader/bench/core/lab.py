# %% [markdown] id="intro"
# # Lab 04's core: a sweep
#
# Train a tree, sweep over its depths, choose the best.

# %% id="parameters" tags=["parameters"]
seed = 7

# %% id="given" tags=["given"]
# mypy: ignore-errors
# ruff: noqa
# fmt: off
import math

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier


TEXT = ["multiple_lines", "internet_service", "online_security", "online_backup", "device_protection", "tech_support"]
TEXT += ["streaming_tv", "streaming_movies", "contract", "payment_method"]
GRID = [2, 5, 0, 9, 14]


def floats(customers):
    """The customers with numbers as float64; customers without a total charge are new, and owe 0."""
    numbers = customers.columns.difference([*TEXT, "customer_id", "churn"])
    return customers.fillna({"total_charges": 0.0}).astype(dict.fromkeys(numbers, float))


def load(path):
    """The customers of a file as a DataFrame."""
    return floats(pd.read_csv(path))


def split(customers, seed):
    """X_train, X_test, y_train, y_test: a fifth of the customers is kept for the test, drawn by the seed."""
    X = customers.drop(columns=["customer_id", "churn"], errors="ignore")
    y = (customers["churn"] == "Yes").astype(int)
    return train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)


def classifier(depth, seed):
    """An untrained decision tree on one-hot encoded columns. A depth below 1 is refused by scikit-learn at `fit`."""
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), TEXT), remainder="passthrough")
    return make_pipeline(encode, DecisionTreeClassifier(max_depth=depth, random_state=seed))


# %% [markdown] id="task-1" describes="train"
# ## 1. `train` returns a fitted model and its AUC on the test rows

# %% task="train"
def train(path, depth, seed):
    """The fitted model and its AUC."""
    ### BEGIN SOLUTION
    X_train, X_test, y_train, y_test = split(load(path), seed)
    model = classifier(depth, seed).fit(X_train, y_train)
    return model, float(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
    ### END SOLUTION


# %% id="run-train"
model, auc = train("customers.csv", 14, seed)


def scores(rows):
    """The model's probability of churn for each row."""
    return model.predict_proba(floats(rows).drop(columns=["customer_id"]))[:, 1].tolist()


# %% [markdown] id="task-2" describes="sweep"
# ## 2. `sweep` returns `[depth, auc]` for every depth of the grid, `[depth, None]` for one that can't work

# %% task="sweep"
def sweep(path, grid, seed):
    """What each depth gives."""
    ### BEGIN SOLUTION
    results = []
    for depth in grid:
        try:
            results.append([depth, train(path, depth, seed)[1]])
        except ValueError:
            results.append([depth, None])
    return results
    ### END SOLUTION


# %% id="run-sweep"
results = sweep("customers.csv", GRID, seed)

# %% [markdown] id="task-3" describes="best-depth"
# ## 3. `best_depth` returns the depth with the highest AUC; None and NaN are out, of equals the first one wins

# %% task="best-depth"
def best_depth(results):
    """The depth of the best result."""
    ### BEGIN SOLUTION
    usable = [(depth, auc) for depth, auc in results if auc is not None and not math.isnan(auc)]
    return max(usable, key=lambda result: result[1])[0]
    ### END SOLUTION


# %% id="run-best"
best = best_depth(results)
