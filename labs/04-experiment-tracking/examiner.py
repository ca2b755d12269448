# Runs in a fresh sandbox that holds the run's files and credentials, the notebook's given cell, and no code of the
# student. What a model does when it is opened, it does there; it hands out scores, and the grader compares.
import functools


@functools.cache
def opened(model_uri):
    return mlflow.sklearn.load_model(model_uri)  # noqa: F821


def test_labels(path, seed):
    return split(load(path), seed)[3].tolist()  # noqa: F821  # from the given cell


def scores_of_test_rows(model_uri, path, seed):
    return opened(model_uri).predict_proba(split(load(path), seed)[1])[:, 1].tolist()  # noqa: F821


def scores(model_uri, rows):
    numbers = rows.columns.difference(TEXT)  # noqa: F821
    rows = rows.fillna({"total_charges": 0.0}).astype(dict.fromkeys(numbers, float)).drop(columns=["customer_id"])
    return opened(model_uri).predict_proba(rows)[:, 1].tolist()
