"""Run once in a throw-away sandbox, before any notebook: what libraries import late, prepared sandboxes have beforehand.

Nothing else of it remains, so whatever fails here costs only time. There is no network.
"""

import contextlib
import os
from pathlib import Path

import boto3
import botocore.config
import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

NOBODY = "http://127.0.0.1:9"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

Path("rows.csv").write_text("number,text,target\n" + "1.5,a,0\n2.5,b,1\n" * 20)
rows = pd.read_csv("rows.csv").fillna({"number": 0.0}).astype({"number": float})
seen, unseen, targets, unseen_targets = train_test_split(rows[["number", "text"]], rows["target"], random_state=0)
for last in (DecisionTreeClassifier(max_depth=2), LogisticRegression()):
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["text"]), (StandardScaler(), ["number"]))
    fitted = make_pipeline(encode, last).fit(seen, targets)
    roc_auc_score(unseen_targets, fitted.predict_proba(unseen)[:, 1])
cross_val_score(LogisticRegression(), rows[["number"]], rows["target"], cv=2)
rows.describe().to_html()
repr(rows)

mlflow.set_tracking_uri(NOBODY)
for call in (
    lambda: mlflow.set_experiment("none"),
    lambda: mlflow.start_run(experiment_id="0"),
    lambda: mlflow.search_runs(experiment_ids=["0"]),
    lambda: mlflow.sklearn.load_model("models:/none"),
):
    with contextlib.suppress(Exception):
        call()
described = infer_signature(unseen, fitted.predict(unseen))
requirements = {"pip_requirements": ["scikit-learn"], "skops_trusted_types": ["sklearn.tree._tree.Tree"]}
with contextlib.suppress(Exception):
    mlflow.sklearn.save_model(fitted, "model", signature=described, **requirements)
    mlflow.sklearn.load_model("model")
    mlflow.pyfunc.load_model("model")
mlflow.set_tracking_uri("file:runs")
with contextlib.suppress(Exception), mlflow.start_run():
    mlflow.log_params({"a": 1})
    mlflow.set_tags({"b": "c"})
    mlflow.log_metric("d", 1.0)
    mlflow.sklearn.log_model(fitted, name="model", signature=described, **requirements)

once = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=1)
keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-east-1"}
with contextlib.suppress(Exception):
    boto3.client("s3", endpoint_url=NOBODY, config=once, **keys).upload_file("rows.csv", "none", "rows.csv")
