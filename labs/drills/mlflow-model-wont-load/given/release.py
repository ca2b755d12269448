"""Train the churn model and release it: a new version, which gets the alias `champion`."""

import contextlib
import os
import sys

import mlflow
import numpy as np
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

NAME = os.environ["MODEL_NAME"]

draw = np.random.default_rng(7)
rows = draw.normal(size=(400, 4))
leaves = (rows @ [1.2, -0.7, 0.3, 0.0] + draw.normal(size=400) > 0).astype(int)
model = LogisticRegression(C=float(sys.argv[1]) if len(sys.argv) > 1 else 1.0).fit(rows, leaves)

with mlflow.start_run(run_name="release"):
    logged = mlflow.sklearn.log_model(
        model, name="churn", signature=infer_signature(rows, leaves), pip_requirements=["scikit-learn"]
    )
client = mlflow.MlflowClient()
with contextlib.suppress(mlflow.MlflowException):  # it is there already
    client.create_registered_model(NAME)
version = client.create_model_version(NAME, logged.model_uri, model_id=logged.model_id)
client.set_registered_model_alias(NAME, "champion", version.version)
