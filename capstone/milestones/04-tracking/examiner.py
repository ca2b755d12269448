# A model of the student's is opened here only: what it does then, it does in a sandbox without a line of their code.
import os

import mlflow

mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:9"))


def scores_of_model(model_uri, rows):
    """What the logged model says of these rows."""
    return mlflow.sklearn.load_model(model_uri).predict_proba(rows)[:, 1].tolist()
